import { deadLetterTopic } from '@equipmgnt/contracts';
import { Logger } from '@nestjs/common';
import type { Kafka } from 'kafkajs';

/** Kept for ever: a view can be rebuilt from the topics, and a dead letter waits for an operator. */
const KEEP_FOREVER = { name: 'retention.ms', value: '-1' };
/** A dead letter is a message plus its reason: larger than the largest message, 1 MiB by default. */
const DEAD_LETTER_SIZE = { name: 'max.message.bytes', value: String(2 * 1024 * 1024) };

/** The topics of the suite on the brokers. */
export class Topics {
  private readonly logger = new Logger('Topics');
  private running: Promise<ReadonlySet<string>> | undefined;

  /** @param partitions of each topic; a dead-letter topic has one, so that it is read in order */
  constructor(
    private readonly kafka: Kafka,
    private readonly names: readonly string[],
    private readonly partitions: number,
  ) {}

  /**
   * Creates the topics that do not exist, each with its dead-letter topic. The number of replicas is the
   * broker's default. Concurrent calls share one run.
   * @returns the topics that exist now: a broker may refuse to create some of them
   * @throws KafkaJSError when no broker answers
   */
  ensure(): Promise<ReadonlySet<string>> {
    this.running ??= this.createMissing().finally(() => (this.running = undefined));
    return this.running;
  }

  private async createMissing(): Promise<ReadonlySet<string>> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      const existing = new Set(await admin.listTopics());
      const missing = this.wanted().filter(({ topic }) => !existing.has(topic));
      if (missing.length === 0) return existing;
      try {
        await admin.createTopics({ topics: missing, waitForLeaders: true });
        this.logger.log({ topics: missing.map(({ topic }) => topic) }, 'created missing topics');
      } catch (error) {
        this.logger.warn(
          { err: error, topics: missing.map(({ topic }) => topic) },
          'missing topics could not be created',
        );
      }
      return new Set(await admin.listTopics());
    } finally {
      await admin.disconnect();
    }
  }

  private wanted() {
    return this.names.flatMap((topic) => [
      { topic, numPartitions: this.partitions, configEntries: [KEEP_FOREVER] },
      {
        topic: deadLetterTopic(topic),
        numPartitions: 1,
        configEntries: [KEEP_FOREVER, DEAD_LETTER_SIZE],
      },
    ]);
  }
}
