import { readTopic, type TopicRecord } from '@equipmgnt/messaging/read-topic';
import type { Kafka, KafkaMessage, Producer } from 'kafkajs';

/** A message in a dead-letter topic: a consumer could not handle it. */
export interface DeadLetter {
  /** The dead-letter topic, and the offset in it. */
  readonly topic: string;
  readonly offset: string;
  /** The topic, partition and offset of the original message. */
  readonly origin: { readonly topic: string; readonly partition: string; readonly offset: string };
  readonly consumerGroup: string;
  /** The reason: a stable code such as BAD_DATA, and a text. */
  readonly code: string;
  readonly reason: string;
  readonly message: KafkaMessage;
  /** All headers: those of the original message, and those that start with dlt_. */
  readonly headers: TopicRecord['headers'];
  /** Whether it waits for an operator, or what the last one did with it. */
  readonly state: 'waiting' | 'replayed' | 'discarded';
}

// What an operator does is recorded in the dead-letter topic itself, as a message with the offset in this header.
const REPLAYED = 'dlt_replayed_offset';
const DISCARDED = 'dlt_discarded_offset';

/** The names of all dead-letter topics. */
export async function deadLetterTopics(kafka: Kafka): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).filter((topic) => topic.endsWith('.dlt')).sort();
  } finally {
    await admin.disconnect();
  }
}

/** All dead letters of a dead-letter topic, in the order of their offsets. */
export async function readDeadLetters(kafka: Kafka, topic: string): Promise<DeadLetter[]> {
  const records = await readTopic(kafka, topic);
  const states = new Map<string, DeadLetter['state']>();
  for (const { headers } of records) {
    const { [REPLAYED]: replayed, [DISCARDED]: discarded } = headers;
    if (replayed !== undefined) states.set(replayed, 'replayed');
    if (discarded !== undefined) states.set(discarded, 'discarded');
  }
  return records
    .filter(({ headers }) => headers[REPLAYED] === undefined && headers[DISCARDED] === undefined)
    .map(({ message, headers }) => ({
      topic,
      offset: message.offset,
      origin: {
        topic: headers['dlt_topic'] ?? '',
        partition: headers['dlt_partition'] ?? '',
        offset: headers['dlt_offset'] ?? '',
      },
      consumerGroup: headers['dlt_consumer_group'] ?? '',
      code: headers['dlt_code'] ?? '',
      reason: headers['dlt_reason'] ?? '',
      message,
      headers,
      state: states.get(message.offset) ?? 'waiting',
    }));
}

/**
 * Publishes dead letters on their original topics, with the original key, value and headers, and
 * records the replay. Every consumer group receives them, including groups that had handled them:
 * handlers are idempotent, so that has no effect.
 */
export const replay = (kafka: Kafka, deadLetters: readonly DeadLetter[]): Promise<void> =>
  withProducer(kafka, async (producer) => {
    for (const { topic, offset, origin, message } of deadLetters) {
      const headers = Object.fromEntries(
        Object.entries(message.headers ?? {}).filter(([name]) => !name.startsWith('dlt_')),
      );
      const { key, value } = message;
      await producer.send({ topic: origin.topic, acks: -1, messages: [{ key, value, headers }] });
      await record(producer, topic, offset, REPLAYED);
    }
  });

/** Records that dead letters are done with, without publishing them again. They stay in the topic. */
export const discard = (kafka: Kafka, deadLetters: readonly DeadLetter[]): Promise<void> =>
  withProducer(kafka, async (producer) => {
    for (const { topic, offset } of deadLetters) await record(producer, topic, offset, DISCARDED);
  });

async function record(producer: Producer, topic: string, offset: string, header: string) {
  const message = { key: offset, value: null, headers: { [header]: offset } };
  await producer.send({ topic, acks: -1, messages: [message] });
}

async function withProducer(
  kafka: Kafka,
  task: (producer: Producer) => Promise<void>,
): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    await task(producer);
  } finally {
    await producer.disconnect();
  }
}
