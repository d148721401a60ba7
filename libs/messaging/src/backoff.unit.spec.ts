import { Backoff } from './backoff.ts';

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
