import { deadLetterTopic } from '@equipmgnt/contracts';
import {
  CompressionTypes,
  type Kafka,
  type KafkaMessage,
  type Producer,
  type Transaction,
} from 'kafkajs';
import type { DeadLetterCode } from '../cloud-event.ts';
import { connectProducer } from '../kafka.ts';
import type { ConsumerMetrics } from './consumer-metrics.ts';

/** A message that cannot be handled, and the reason. */
export interface DeadLetter {
  readonly message: KafkaMessage;
  readonly code: DeadLetterCode;
  readonly reason: string;
}

/**
 * Moves messages to `<topic>.dlt` exactly once: sending them and committing their batch's offset is
 * one Kafka transaction. The transactional id names the partition, so that a new owner of the
 * partition fences off the former owner, and then reads which offset that one had committed.
 */
export class DeadLetters {
  private readonly producers = new Map<string, Promise<Producer>>();

  constructor(
    private readonly kafka: Kafka,
    private readonly group: string,
    private readonly metrics: ConsumerMetrics,
  ) {}

  /**
   * @param lastOffset of the messages' batch, whose other messages are handled
   * @throws KafkaJSError when the messages may not be moved: call it again
   */
  async move(
    topic: string,
    partition: number,
    lastOffset: string,
    rejected: readonly DeadLetter[],
  ): Promise<void> {
    const id = `${this.group}.${topic}.${partition}`;
    try {
      const transaction = await (await this.producer(id)).transaction();
      try {
        const committed = await this.committedOffset(topic, partition);
        const pending = rejected.filter(({ message }) => BigInt(message.offset) >= committed);
        if (pending.length > 0) {
          const offset = (BigInt(lastOffset) + 1n).toString();
          await this.send(transaction, topic, partition, pending);
          await transaction.sendOffsets({
            consumerGroupId: this.group,
            topics: [{ topic, partitions: [{ partition, offset }] }],
          });
        }
        await transaction.commit();
        for (const { code } of pending) this.metrics.deadLettered.inc({ topic, code });
      } catch (error) {
        if (transaction.isActive()) await transaction.abort().catch(() => undefined);
        throw error;
      }
    } catch (error) {
      await this.discard(id); // the next attempt starts a new epoch, which ends this transaction
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.producers.keys()].map((id) => this.discard(id)));
  }

  private async send(
    transaction: Transaction,
    topic: string,
    partition: number,
    rejected: readonly DeadLetter[],
  ): Promise<void> {
    for (const one of rejected) {
      // alone and compressed, since one message may be as large as a whole batch may be
      await transaction.send({
        topic: deadLetterTopic(topic),
        acks: -1,
        compression: CompressionTypes.GZIP,
        messages: [this.toMessage(topic, partition, one)],
      });
    }
  }

  /** The first offset that the group has not handled; 0 if it has committed none. */
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
