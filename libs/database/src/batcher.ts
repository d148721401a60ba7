import { inOneOf, isTracing } from '@equipmgnt/runtime';
import { context, type Context } from '@opentelemetry/api';
import { isSeparable, NoConnection } from './errors.ts';
import { CONNECT_TIMEOUT_MS } from './options.ts';

const BATCH_SIZE = 50;
/** Further calls are refused. */
const MAX_WAITING = 10 * BATCH_SIZE;

export interface BatcherOptions {
  /** Statements at the same time: 2, so that one runs while another one waits for the disk. */
  readonly concurrency?: number;
  /** The longest time that a call waits for its statement to start. */
  readonly waitMs?: number;
}

interface Call<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
  /** The trace of the caller, while traces are recorded. */
  readonly trace?: Context;
  timer?: NodeJS.Timeout;
}

/**
 * Runs one statement for the items of many callers. While statements are running, further calls gather,
 * and go together in the next one. A call that comes alone starts immediately.
 */
export class Batcher<Item, Result> {
  private readonly waiting: Call<Item, Result>[] = [];
  private readonly concurrency: number;
  private readonly waitMs: number;
  private running = 0;

  /**
   * @param runAll runs the items in one transaction, outside of the callers' contexts: what belongs to a
   * request must be in its item. Returns a result for each item, in their order.
   */
  constructor(
    private readonly runAll: (items: readonly Item[]) => Promise<readonly Result[]>,
    { concurrency = 2, waitMs = CONNECT_TIMEOUT_MS }: BatcherOptions = {},
  ) {
    this.concurrency = concurrency;
    this.waitMs = waitMs;
  }

  /** @throws NoConnection when the statements before it take too long; the item was not stored then */
  run(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const trace = isTracing() ? { trace: context.active() } : {};
      const call: Call<Item, Result> = { item, resolve, reject, ...trace };
      if (this.running < this.concurrency) return void this.start([call]);
      if (this.waiting.length >= MAX_WAITING) return reject(tooMany());
      call.timer = setTimeout(() => this.giveUp(call), this.waitMs);
      this.waiting.push(call);
    });
  }

  private async start(calls: readonly Call<Item, Result>[]): Promise<void> {
    this.running += 1;
    for (const { timer } of calls) clearTimeout(timer);
    await this.settle(calls);
    this.running -= 1;
    if (this.waiting.length > 0) void this.start(this.waiting.splice(0, BATCH_SIZE));
  }

  private async settle(calls: readonly Call<Item, Result>[]): Promise<void> {
    try {
      const runAll = () => this.runAll(calls.map(({ item }) => item));
      const traces = calls.flatMap(({ trace }) => trace ?? []);
      const results = await (traces.length > 0 ? inOneOf(traces, runAll) : runAll());
      calls.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      if (calls.length > 1 && isSeparable(error)) {
        for (const call of calls) await this.settle([call]);
      } else for (const { reject } of calls) reject(error);
    }
  }

  private giveUp(call: Call<Item, Result>): void {
    this.waiting.splice(this.waiting.indexOf(call), 1);
    call.reject(tooMany());
  }
}

const tooMany = () => new NoConnection(new Error('too many statements wait'));
