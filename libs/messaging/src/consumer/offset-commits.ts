import { Logger } from '@nestjs/common';
import type { Admin, EachBatchPayload, Kafka } from 'kafkajs';

const COMMIT_INTERVAL_MS = 500;

export interface OffsetCommitsOptions {
  readonly kafka: Kafka;
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Whether a transaction that moves dead letters is in progress. It commits its batch's offset itself; a
   * commit from here would set that offset back.
   */
  readonly isBlocked: () => boolean;
  /** Called when a topic was deleted and created again. */
  readonly onNewTopic: (topic: string) => void;
}

/**
 * Commits the offsets of handled batches on a timer instead of after each batch, which saves each
 * message a round trip. If a commit fails, the next one includes it, or the messages are delivered
 * again.
 *
 * Before each commit it looks at what is committed: brokers delete the offsets of a deleted topic. If a
 * known offset is missing, the topic is another one with the same name, and the position of this consumer
 * means nothing in it. It then commits nothing.
 */
export class OffsetCommits {
  private readonly logger = new Logger('Consumer');
  private admin: Promise<Admin> | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** The last handled batch: it knows all offsets to commit, and the group's generation. */
  private pending: EachBatchPayload | undefined;
  /** Partitions that have a committed offset: `topic/partition`. */
  private readonly committed = new Set<string>();

  constructor(private readonly options: OffsetCommitsOptions) {}

  async start(): Promise<void> {
    await this.learn();
    this.timer = setInterval(() => void this.flush(), COMMIT_INTERVAL_MS);
  }

  /** Remembers which partitions have a committed offset. */
  async learn(): Promise<void> {
    for (const name of (await this.fetch()).keys()) this.committed.add(name);
  }

  handled(payload: EachBatchPayload): void {
    this.pending = payload;
  }

  async flush(): Promise<void> {
    const payload = this.pending;
    this.pending = undefined;
    if (payload === undefined) return;
    try {
      const replaced = await this.replacedTopic();
      if (replaced !== undefined) return this.options.onNewTopic(replaced);
      if (this.options.isBlocked()) {
        this.pending ??= payload;
        return;
      }
      const offsets = payload.uncommittedOffsets();
      await payload.commitOffsetsIfNecessary(offsets);
      for (const { topic, partitions } of offsets.topics) {
        for (const { partition } of partitions) this.committed.add(nameOf(topic, partition));
      }
    } catch (error) {
      this.pending ??= payload;
      this.logger.debug({ err: error }, 'offsets not committed');
      await this.disconnect(); // a new client asks for the brokers again
    }
  }

  /** Ends the timer and forgets what is not committed: the group has a new generation. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.pending = undefined;
    await this.disconnect();
  }

  private async replacedTopic(): Promise<string | undefined> {
    const current = await this.fetch();
    const missing = [...this.committed].find((name) => !current.has(name));
    return missing?.slice(0, missing.lastIndexOf('/'));
  }

  /** The committed offsets by partition. */
  private async fetch(): Promise<Map<string, string>> {
    const { group, topics } = this.options;
    this.admin ??= this.connect();
    const found = await (await this.admin).fetchOffsets({ groupId: group, topics: [...topics] });
    return new Map(
      found.flatMap(({ topic, partitions }) =>
        partitions
          .filter(({ offset }) => offset !== '-1')
          .map(({ partition, offset }) => [nameOf(topic, partition), offset] as const),
      ),
    );
  }

  private async connect(): Promise<Admin> {
    const admin = this.options.kafka.admin();
    await admin.connect();
    return admin;
  }

  private async disconnect(): Promise<void> {
    const admin = this.admin;
    this.admin = undefined;
    await admin?.then((connected) => connected.disconnect()).catch(() => undefined);
  }
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;
