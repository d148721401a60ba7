import { Alarm, Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('doubles up to its limit, with jitter of at most half', () => {
    const backoff = new Backoff(100, 1_000);
    const full = [100, 200, 400, 800, 1_000, 1_000];
    for (const most of full) {
      const wait = backoff.next();
      expect(wait).toBeGreaterThanOrEqual(most / 2);
      expect(wait).toBeLessThanOrEqual(most);
    }
    expect(backoff.count).toBe(6);
    backoff.reset();
    expect(backoff.next()).toBeLessThanOrEqual(100);
  });
});

describe('Alarm', () => {
  const NEVER = 2 ** 30;

  it('ends a sleep', async () => {
    const alarm = new Alarm();
    const asleep = alarm.sleep(NEVER);
    alarm.ring();
    await asleep;
  });

  it('that rang while nobody slept ends the next sleep, and only that', async () => {
    const alarm = new Alarm();
    alarm.ring();
    alarm.ring();
    await alarm.sleep(NEVER);
    let awake = false;
    const asleep = alarm.sleep(NEVER).then(() => (awake = true));
    await new Promise(setImmediate);
    expect(awake).toBe(false);
    alarm.ring();
    await asleep;
  });
});
