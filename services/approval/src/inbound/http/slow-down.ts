import { setTimeout as delay } from 'node:timers/promises';

/**
 * Makes answers slow on purpose, for demonstrations of circuit breaking. Off when both are 0. Only
 * HTTP is slowed down: approval by event stays as quick as it is.
 */
export class SlowDown {
  /**
   * @param delayMs the mean delay
   * @param jitterMs the delay varies evenly by up to so much in both directions
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
