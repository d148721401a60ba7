import type { EachBatchPayload } from 'kafkajs';
import type { BatchHandler } from './batch-handler.ts';
import type { OffsetCommits } from './offset-commits.ts';

/**
 * kafkajs fetches again only after all batches of a fetch are handled. A batch that takes longer than this
 * does not make the other partitions wait: it goes on in the background, and its partition is paused. It
 * is shorter than a heartbeat interval, because kafkajs sends heartbeats between the batches.
 */
const IN_FOREGROUND_MS = 1_000;

/** The batches of one consumer. */
export class Batches {
  private generation = new AbortController();
  private readonly inBackground = new Set<Promise<void>>();
  private stopped = false;

  constructor(
    private readonly handler: BatchHandler,
    private readonly commits: OffsetCommits,
    private readonly onHandled: () => void,
  ) {}

  /** The group has assigned its partitions again: unfinished batches are delivered again. */
  startGeneration(): void {
    this.generation.abort(new Error('the consumer group has a new generation'));
    if (!this.stopped) this.generation = new AbortController();
  }

  /** Resolves when the batch is handled, or goes on in the background. */
  async onBatch(payload: EachBatchPayload): Promise<void> {
    const work = this.handle(payload, this.generation);
    const timeout = Promise.withResolvers<'timeout'>();
    const timer = setTimeout(timeout.resolve, IN_FOREGROUND_MS, 'timeout').unref();
    const first = await Promise.race([work, timeout.promise]).finally(() => clearTimeout(timer));
    if (first !== 'timeout') return;
    if (this.stopped) return work;
    const resume = payload.pause();
    const rest = work.finally(() => {
      this.inBackground.delete(rest);
      resume();
    });
    this.inBackground.add(rest);
  }

  /** Ends retries, and waits for the handler calls in progress. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.generation.abort(new Error('the consumer stops'));
    await Promise.all(this.inBackground);
  }

  /** Resolves also when the batch was interrupted; the handler retries everything else. */
  private async handle(payload: EachBatchPayload, generation: AbortController): Promise<void> {
    try {
      await this.handler.handle(payload.batch, generation.signal);
    } catch (error) {
      if (generation.signal.aborted) return; // not resolved, so delivered again
      throw error;
    }
    if (generation !== this.generation) return; // another consumer may own the partition
    payload.resolveOffset(payload.batch.lastOffset());
    this.commits.handled(payload);
    this.onHandled();
    if (!payload.isRunning()) await this.commits.flush(); // the timer has stopped
  }
}
