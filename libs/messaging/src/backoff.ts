/** Waiting times that double from `first` to `most` ms, with jitter so that replicas spread out. */
export class Backoff {
  /** Consecutive failures. */
  count = 0;

  constructor(
    private readonly first: number,
    private readonly most: number,
  ) {}

  /** Counts a failure. @returns how many ms to wait before the next attempt */
  next(): number {
    const wait = Math.min(this.most, this.first * 2 ** Math.min(this.count, 20));
    this.count += 1;
    return wait * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.count = 0;
  }
}
