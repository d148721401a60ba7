import type { Random } from '@equipmgnt/testing';

/** The process died here. */
export class Crash extends Error {}

// One for all: their stacks, which cost more than all else, tell nothing.
const CRASH = new Crash();

interface Waiting {
  readonly operation: string;
  readonly goOn: () => void;
  readonly die: () => void;
}

/** No operation needs so many microtasks from one step to the next, unless it waits for no step. */
const MAX_TICKS = 1_000;

/** One crash in so many takes everything along that is under way, as when the power fails. */
const POWER_FAILS = 10;

/**
 * Runs operations that overlap, one step at a time, in random order. A step is what happens at once
 * in a real system: one statement, one transaction, one message. Before each step other operations
 * may take theirs, or the process may crash; an operation ends with a step of its own, such as the
 * answer to its client, so that it may also crash after its last effect.
 *
 * Nothing here waits for a timer or the event loop: an operation that goes on runs in microtasks
 * until it comes to its next step or its end, so that a seed gives the same run everywhere.
 */
export class Steps {
  /** What operations failed with, other than crashes: always a mistake. */
  readonly failures: unknown[] = [];
  /** What happened, one line each, to look at when a seed fails. */
  readonly trace: string[] = [];
  private readonly waiting: Waiting[] = [];
  /** The operation that is between two steps; at most one is. */
  private moving: string | undefined;

  constructor(private readonly random: Random) {}

  /** Whether any operation is under way. */
  get busy(): boolean {
    return this.waiting.length > 0;
  }

  /**
   * Begins an operation, which goes on with {@link advance}. Its steps come one after another, never
   * two at once. A crash ends it and is nobody's error.
   */
  async begin(name: string, operation: () => Promise<void>): Promise<void> {
    await this.run(name, () => {
      operation()
        .catch((error: unknown) => {
          if (!(error instanceof Crash)) this.failures.push(error);
        })
        .finally(() => (this.moving = undefined));
    });
  }

  /** Something that happens at once, or not at all. */
  async step<T>(what: string, effect: () => T): Promise<T> {
    const operation = await this.turn();
    this.trace.push(`${operation}: ${what}`);
    return effect();
  }

  /** Lets a random operation take its next step, or crash. */
  async advance(crashProbability: number): Promise<void> {
    if (!this.busy) return;
    if (!this.random.chance(crashProbability)) {
      const { operation, goOn } = this.takeAny();
      return this.run(operation, goOn);
    }
    const dying = this.random.between(1, POWER_FAILS) === 1 ? this.waiting.length : 1;
    for (let i = 0; i < dying; i += 1) {
      const { operation, die } = this.takeAny();
      this.trace.push(`${operation}: crashes`);
      await this.run(operation, die);
    }
  }

  private takeAny(): Waiting {
    const [taken] = this.waiting.splice(this.random.between(0, this.waiting.length - 1), 1);
    if (taken === undefined) throw new RangeError('nothing waits');
    return taken;
  }

  /** Resolves with the operation's name when it may go on. */
  private turn(): Promise<string> {
    const operation = this.moving;
    if (operation === undefined) throw new Error('an operation takes two steps at once');
    this.moving = undefined;
    return new Promise((resolve, reject) => {
      const goOn = () => resolve(operation);
      this.waiting.push({ operation, goOn, die: () => reject(CRASH) });
    });
  }

  /** Has an operation move until it waits for its next step, or is done. */
  private async run(operation: string, move: () => void): Promise<void> {
    this.moving = operation;
    move();
    for (let ticks = 0; this.moving !== undefined; ticks += 1) {
      if (ticks === MAX_TICKS)
        throw new Error(`"${operation}" waits for something that is no step`);
      await undefined;
    }
  }
}
