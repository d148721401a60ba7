import type { Random } from './random.ts';

/** The process died here. */
export class Crash extends Error {}

interface Waiting {
  readonly goOn: () => void;
  readonly die: () => void;
}

/**
 * Runs operations that overlap, one step at a time, in random order. A step is what happens at once
 * in a real system: one statement, one transaction, one message. Before and after each step other
 * operations may take theirs, or the process may crash.
 */
export class Steps {
  /** What operations failed with, other than crashes: always a mistake. */
  readonly failures: unknown[] = [];
  private readonly waiting: Waiting[] = [];
  private running = 0;

  constructor(private readonly random: Random) {}

  /** Whether any operation is under way. */
  get busy(): boolean {
    return this.running > 0;
  }

  /** Begins an operation; it goes on with {@link advance}. A crash ends it and is nobody's error. */
  begin(operation: () => Promise<void>): void {
    this.running += 1;
    operation()
      .catch((error: unknown) => {
        if (!(error instanceof Crash)) this.failures.push(error);
      })
      .finally(() => (this.running -= 1));
  }

  /** Something that happens at once, or not at all. */
  async step<T>(effect: () => T): Promise<T> {
    await this.turn();
    const result = effect();
    await this.turn();
    return result;
  }

  /** Lets a random operation take its next step, or crash. */
  async advance(crashProbability: number): Promise<void> {
    const [next] = this.waiting.splice(this.random.between(0, this.waiting.length - 1), 1);
    if (next && this.random.chance(crashProbability)) next.die();
    else next?.goOn();
    await new Promise(setImmediate); // until it waits again, or is done
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ goOn: resolve, die: () => reject(new Crash()) });
    });
  }
}
