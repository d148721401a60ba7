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
  /** Where messages of the call in hand go to and are not known to be: `topic/partition`. */
  private readonly missing = new Set<string>();
  /** How often a message of the call in hand was given a partition: once more with each attempt. */
  private partitioned = 0;

  /** @param ready makes sure that the topics are there */
  constructor(
    private readonly kafka: Kafka,
    private readonly ready: () => Promise<void>,
  ) {}

  /**
   * Makes ready to publish, so that the first event need not wait for it.
   * @throws KafkaJSError when no broker answers
   */
  async open(): Promise<Producer> {
    await this.ready();
    this.producer ??= await connectProducer(this.kafka, {
      createPartitioner: () => this.notingPartitioner(),
    });
    return this.producer;
  }

  /**
   * Resolves when the brokers have every message. One call at a time.
   *
   * Never goes on with a producer after an attempt that failed, within the call or with it. kafkajs winds
   * its numbers back when an attempt fails, late as that may be, and gives them to the next batch. A broker
   * that has the failed one after all would take the next, whatever it holds, for its repetition:
   * acknowledged and thrown away.
   * @throws Error when they may not have all of them: send the same again
   */
  async publish(topicMessages: { topic: string; messages: Message[] }[]): Promise<void> {
    try {
      const producer = await this.open();
      this.missing.clear();
      this.partitioned = 0;
      const acknowledged = await producer.sendBatch({ acks: -1, topicMessages });
      for (const { topicName, partition } of acknowledged) {
        this.missing.delete(nameOf(topicName, partition));
      }
      // When a partition moves to a broker that has had its part of the batch already, kafkajs sends
      // no more to it and is content: https://github.com/tulios/kafkajs/issues/1303
      if (this.missing.size > 0) {
        throw new Error(`no broker has acknowledged what goes to ${[...this.missing].join(', ')}`);
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

  private notingPartitioner() {
    const choose = Partitioners.DefaultPartitioner();
    return (message: PartitionerArgs): number => {
      const partition = choose(message);
      this.partitioned += 1;
      this.missing.add(nameOf(message.topic, partition));
      return partition;
    };
  }
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;
