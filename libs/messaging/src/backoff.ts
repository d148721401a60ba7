/** Waiting times that double from `first` to `most` ms, with jitter so that replicas spread out. */
export class Backoff {
  /** Failures in a row. */
  count = 0;

  constructor(
    private readonly first: number,
    private readonly most: number,
  ) {}

  /** The next wait in ms. */
  next(): number {
    const wait = Math.min(this.most, this.first * 2 ** Math.min(this.count, 20));
    this.count += 1;
    return wait * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.count = 0;
  }
}

/** Sleeps that a ring ends, all of them. One that comes while nobody sleeps ends the next at once. */
export class Alarm {
  private rung = false;
  private readonly sleepers = new Set<() => void>();

  ring(): void {
    this.rung = true;
    for (const wakeUp of this.sleepers) wakeUp();
  }

  async sleep(ms: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const wakeUp = () => {
          clearTimeout(timer);
          this.sleepers.delete(wakeUp);
          resolve();
        };
        const timer = setTimeout(wakeUp, ms);
        this.sleepers.add(wakeUp);
      });
    }
    this.rung = false;
  }
}
