import { deadLetterTopic } from '@equipmgnt/contracts';
import { CompressionTypes, type Kafka, type KafkaMessage, type Producer } from 'kafkajs';
import { Counter } from 'prom-client';
import { connectProducer } from '../kafka.ts';

/** A message that cannot be handled, and why. */
export interface DeadLetter {
  readonly message: KafkaMessage;
  /** A stable code, e.g. BAD_DATA. */
  readonly code: string;
  readonly reason: string;
}

const counter = new Counter({
  name: 'messages_dead_lettered_total',
  help: 'Messages that went to a dead-letter topic',
  labelNames: ['topic', 'code'],
});

/**
 * Moves messages to `<topic>.dlt` exactly once: sending them and committing their batch's offset is
 * one Kafka transaction. The transactional id names the partition, so that whoever takes a partition
 * over fences off its former owner, and then looks what that one had still committed.
 */
export class DeadLetters {
  private readonly producers = new Map<string, Promise<Producer>>();

  constructor(
    private readonly kafka: Kafka,
    private readonly group: string,
  ) {}

  /**
   * @param lastOffset of the batch that the letters are from, all of which is handled otherwise
   * @throws KafkaJSError when it may not have been done: call it again
   */
  async move(
    topic: string,
    partition: number,
    lastOffset: string,
    letters: readonly DeadLetter[],
  ): Promise<void> {
    const id = `${this.group}.${topic}.${partition}`;
    try {
      const transaction = await (await this.producer(id)).transaction();
      try {
        const committed = await this.committedOffset(topic, partition);
        const left = letters.filter(({ message }) => BigInt(message.offset) >= committed);
        if (left.length > 0) {
          for (const letter of left) {
            // alone and compressed, since the message may have been as large as a batch may be
            await transaction.send({
              topic: deadLetterTopic(topic),
              acks: -1,
              compression: CompressionTypes.GZIP,
              messages: [this.toMessage(topic, partition, letter)],
            });
          }
          const offset = (BigInt(lastOffset) + 1n).toString();
          await transaction.sendOffsets({
            consumerGroupId: this.group,
            topics: [{ topic, partitions: [{ partition, offset }] }],
          });
        }
        await transaction.commit();
        for (const { code } of left) counter.inc({ topic, code });
      } catch (error) {
        if (transaction.isActive()) await transaction.abort().catch(() => undefined);
        throw error;
      }
    } catch (error) {
      await this.discard(id); // the next attempt begins with a new epoch, which settles this one
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.producers.keys()].map((id) => this.discard(id)));
  }

  /** The first offset that the group has not done with; 0 where it has committed none. */
  private async committedOffset(topic: string, partition: number): Promise<bigint> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      const [offsets] = await admin.fetchOffsets({ groupId: this.group, topics: [topic] });
      const found = offsets?.partitions.find((each) => each.partition === partition);
      return found === undefined || found.offset === '-1' ? 0n : BigInt(found.offset);
    } finally {
      await admin.disconnect();
    }
  }

  private producer(id: string): Promise<Producer> {
    const existing = this.producers.get(id);
    if (existing) return existing;
    const producer = connectProducer(this.kafka, { transactionalId: id });
    this.producers.set(id, producer);
    return producer;
  }

  private async discard(id: string): Promise<void> {
    const producer = this.producers.get(id);
    this.producers.delete(id);
    await producer?.then((connected) => connected.disconnect()).catch(() => undefined);
  }

  private toMessage(topic: string, partition: number, { message, code, reason }: DeadLetter) {
    return {
      key: message.key,
      value: message.value,
      headers: {
        ...message.headers,
        dlt_topic: topic,
        dlt_partition: String(partition),
        dlt_offset: message.offset,
        dlt_timestamp: message.timestamp,
        dlt_consumer_group: this.group,
        dlt_code: code,
        dlt_reason: reason.slice(0, 1_000),
      },
    };
  }
}
