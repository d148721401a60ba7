import { Injectable } from '@nestjs/common';
import type { Kafka, Message, Producer } from 'kafkajs';
import { connectProducer } from '../kafka.ts';

/** Sends batches to Kafka, acknowledged by all in-sync replicas. */
@Injectable()
export class Publisher {
  private producer: Producer | undefined;

  /** @param ready makes sure that the topics are there */
  constructor(
    private readonly kafka: Kafka,
    private readonly ready: () => Promise<void>,
  ) {}

  /**
   * Makes ready to publish, so that the first event need not wait for it.
   * @throws KafkaJSError when no broker answers
   */
  async open(): Promise<void> {
    await this.ready();
    this.producer ??= await connectProducer(this.kafka);
  }

  /**
   * Resolves when the brokers have every message. One call at a time.
   * @throws KafkaJSError when they may not have all of them: send the same again
   */
  async publish(topicMessages: { topic: string; messages: Message[] }[]): Promise<void> {
    try {
      await this.open();
      await this.producer?.sendBatch({ acks: -1, topicMessages });
    } catch (error) {
      // Never go on with a producer after a failed send. It would number its next batch as it did
      // the failed one, and a broker that has the failed one after all would take the next, whatever
      // it holds, for its repetition: acknowledged and thrown away.
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const producer = this.producer;
    this.producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }
}
