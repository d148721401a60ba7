import { Logger } from '@nestjs/common';
import type { EachBatchPayload } from 'kafkajs';

const COMMIT_INTERVAL_MS = 500;

/**
 * Commits the offsets of handled batches on a timer instead of after each batch, which saves each
 * message a round trip. If a commit fails, the next one includes it, or the messages are delivered
 * again.
 */
export class OffsetCommits {
  private readonly logger = new Logger('Consumer');
  private timer: NodeJS.Timeout | undefined;
  /** Commits all handled batches, in the group generation of the last one. */
  private pending: (() => Promise<void>) | undefined;

  /**
   * @param isBlocked whether a transaction that moves dead letters is in progress. It commits its batch's
   * offset itself; a commit from here would set that offset back.
   */
  constructor(private readonly isBlocked: () => boolean) {}

  start(): void {
    this.timer = setInterval(() => void this.flush(), COMMIT_INTERVAL_MS);
  }

  handled(payload: EachBatchPayload): void {
    this.pending = () => payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
  }

  async flush(): Promise<void> {
    if (this.isBlocked()) return;
    const commit = this.pending;
    this.pending = undefined;
    await commit?.().catch((error: unknown) => {
      this.logger.debug({ err: error }, 'offsets not committed');
    });
  }

  /** Ends the timer and forgets what is not committed: the group has a new generation. */
  stop(): void {
    clearInterval(this.timer);
    this.pending = undefined;
  }
}
