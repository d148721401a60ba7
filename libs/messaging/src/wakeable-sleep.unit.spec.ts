import { WakeableSleep } from './wakeable-sleep.ts';

describe('WakeableSleep', () => {
  const NEVER = 2 ** 30;

  it('ends a sleep when woken', async () => {
    const pause = new WakeableSleep();
    const asleep = pause.sleep(NEVER);
    pause.wake();
    await asleep;
  });

  it('ends only the next sleep when woken before it', async () => {
    const pause = new WakeableSleep();
    pause.wake();
    pause.wake();
    await pause.sleep(NEVER);
    let awake = false;
    const asleep = pause.sleep(NEVER).then(() => (awake = true));
    await new Promise(setImmediate);
    expect(awake).toBe(false);
    pause.wake();
    await asleep;
  });
});
