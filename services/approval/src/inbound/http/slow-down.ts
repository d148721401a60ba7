import { setTimeout as delay } from 'node:timers/promises';

/**
 * Delays the answers to POST /approvals, for demonstrations of circuit breaking. Off when both values
 * are 0. Events are not delayed.
 */
export class SlowDown {
  /**
   * @param delayMs the mean delay
   * @param jitterMs the largest deviation from the mean, in both directions
   */
  constructor(
    private readonly delayMs: number,
    private readonly jitterMs: number,
  ) {}

  async wait(): Promise<void> {
    if (this.delayMs === 0 && this.jitterMs === 0) return;
    await delay(Math.max(0, this.delayMs + (2 * Math.random() - 1) * this.jitterMs));
  }
}
