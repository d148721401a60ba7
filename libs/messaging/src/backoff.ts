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

/** A sleep that a ring ends. A ring that comes while nobody sleeps ends the next sleep at once. */
export class Alarm {
  private rung = false;
  private wakeUp = (): void => undefined;

  ring(): void {
    this.rung = true;
    this.wakeUp();
  }

  async sleep(ms: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.rung = false;
  }
}
