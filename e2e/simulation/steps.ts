import type { Random } from '@equipmgnt/testing';

/** The simulated crash of a process. */
export class Crash extends Error {}

// One object for all crashes: a stack trace is expensive and not useful here.
const CRASH = new Crash();

interface Waiting {
  readonly operation: string;
  readonly resume: () => void;
  readonly crash: () => void;
}

/** Far more microtasks than any operation needs between two steps. */
const MAX_TICKS = 1_000;

/** One crash in this many ends all operations, like a power failure. */
const POWER_FAILURE_EVERY = 10;

/**
 * Runs concurrent operations one step at a time, in random order. A step is atomic in a real system:
 * one statement, one transaction, one message. Before each step, other operations may take a step, or
 * the process may crash. The last step of an operation is the answer to its client, for example, so
 * that a crash is also possible after the last effect.
 *
 * Nothing here waits for a timer or the event loop: an operation runs in microtasks until its next
 * step or its end. So a seed gives the same run on every machine.
 */
export class Steps {
  /** The errors of operations, without crashes. Each one is a fault. */
  readonly failures: unknown[] = [];
  /** All steps, one line each, for the analysis of a failed seed. */
  readonly trace: string[] = [];
  private readonly waiting: Waiting[] = [];
  /** The operation that is running; at most one. */
  private running: string | undefined;

  constructor(private readonly random: Random) {}

  /** Whether any operation is in progress. */
  get busy(): boolean {
    return this.waiting.length > 0;
  }

  /**
   * Starts an operation, which {@link advance} continues. Its steps come one after another. A crash
   * ends it and does not count as a failure.
   */
  async begin(name: string, operation: () => Promise<void>): Promise<void> {
    await this.run(name, () => {
      operation()
        .catch((error: unknown) => {
          if (!(error instanceof Crash)) this.failures.push(error);
        })
        .finally(() => (this.running = undefined));
    });
  }

  /** An effect that happens completely or not at all. */
  async step<T>(what: string, effect: () => T): Promise<T> {
    const operation = await this.turn();
    this.trace.push(`${operation}: ${what}`);
    return effect();
  }

  /** Lets a random operation take its next step, or crash. */
  async advance(crashProbability: number): Promise<void> {
    if (!this.busy) return;
    if (!this.random.chance(crashProbability)) {
      const { operation, resume } = this.takeAny();
      return this.run(operation, resume);
    }
    const crashing = this.random.between(1, POWER_FAILURE_EVERY) === 1 ? this.waiting.length : 1;
    for (let i = 0; i < crashing; i += 1) {
      const { operation, crash } = this.takeAny();
      this.trace.push(`${operation}: crashes`);
      await this.run(operation, crash);
    }
  }

  private takeAny(): Waiting {
    const [taken] = this.waiting.splice(this.random.between(0, this.waiting.length - 1), 1);
    if (taken === undefined) throw new RangeError('no operation is waiting');
    return taken;
  }

  /** Resolves with the name of the operation when it may continue. */
  private turn(): Promise<string> {
    const operation = this.running;
    if (operation === undefined) throw new Error('an operation takes two steps at the same time');
    this.running = undefined;
    return new Promise((resolve, reject) => {
      const resume = () => resolve(operation);
      this.waiting.push({ operation, resume, crash: () => reject(CRASH) });
    });
  }

  /** Runs an operation until it waits for its next step, or ends. */
  private async run(operation: string, start: () => void): Promise<void> {
    this.running = operation;
    start();
    for (let ticks = 0; this.running !== undefined; ticks += 1) {
      if (ticks === MAX_TICKS)
        throw new Error(`"${operation}" waits for something other than a step`);
      await undefined;
    }
  }
}
