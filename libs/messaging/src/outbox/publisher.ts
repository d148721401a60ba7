import { Injectable } from '@nestjs/common';
import {
  Partitioners,
  type Kafka,
  type Message,
  type PartitionerArgs,
  type Producer,
} from 'kafkajs';
import { connectProducer } from '../kafka.ts';

/** Sends batches to Kafka, acknowledged by all in-sync replicas. */
@Injectable()
export class Publisher {
  private producer: Producer | undefined;
  /** Partitions of the current call that have not acknowledged their messages: `topic/partition`. */
  private readonly unacknowledged = new Set<string>();
  /** How often the current call has assigned a partition to a message: once per message and attempt. */
  private partitioned = 0;

  /** @param ready creates the topics if they are missing */
  constructor(
    private readonly kafka: Kafka,
    private readonly ready: () => Promise<unknown>,
  ) {}

  /**
   * Connects, so that the first event does not wait for the connection.
   * @throws KafkaJSError when no broker answers
   */
  async open(): Promise<Producer> {
    if (this.producer === undefined) {
      await this.ready(); // again after each failure: a topic may be deleted at any time
      this.producer = await connectProducer(this.kafka, {
        createPartitioner: () => this.trackingPartitioner(),
      });
    }
    return this.producer;
  }

  /**
   * Resolves when the brokers have every message. One call at a time.
   *
   * Replaces the producer after any failed attempt, also after one that a retry within the call made
   * good. When an attempt fails, kafkajs reuses its sequence numbers for the next batch. If a broker has
   * stored the failed batch after all, it takes the next batch for a duplicate: it acknowledges that batch
   * and discards it.
   * @throws Error when the brokers may lack some of the messages: send all of them again
   */
  async publish(topicMessages: { topic: string; messages: Message[] }[]): Promise<void> {
    try {
      const producer = await this.open();
      this.unacknowledged.clear();
      this.partitioned = 0;
      const acknowledged = await producer.sendBatch({ acks: -1, topicMessages });
      for (const { topicName, partition } of acknowledged) {
        this.unacknowledged.delete(nameOf(topicName, partition));
      }
      // When a partition moves to a broker that has already received its part of the batch, kafkajs sends
      // nothing more to it and reports success: https://github.com/tulios/kafkajs/issues/1303
      if (this.unacknowledged.size > 0) {
        throw new Error(`no broker has acknowledged ${[...this.unacknowledged].join(', ')}`);
      }
      const messages = topicMessages.reduce((sum, { messages: some }) => sum + some.length, 0);
      if (this.partitioned > messages) await this.close();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const producer = this.producer;
    this.producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }

  private trackingPartitioner() {
    const choose = Partitioners.DefaultPartitioner();
    return (message: PartitionerArgs): number => {
      const partition = choose(message);
      this.partitioned += 1;
      this.unacknowledged.add(nameOf(message.topic, partition));
      return partition;
    };
  }
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;
