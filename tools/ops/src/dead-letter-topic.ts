import { readTopic, type TopicRecord } from '@equipmgnt/testing';
import type { Kafka, KafkaMessage } from 'kafkajs';

/** A message that could not be handled, as it lies in a dead-letter topic. */
export interface DeadLetter {
  /** The dead-letter topic, and where the letter lies in it. */
  readonly topic: string;
  readonly offset: string;
  /** Where it comes from. */
  readonly origin: { readonly topic: string; readonly partition: string; readonly offset: string };
  readonly consumerGroup: string;
  /** Why, as a stable code, e.g. BAD_DATA, and in words. */
  readonly code: string;
  readonly reason: string;
  readonly message: KafkaMessage;
  /** The message's headers, as texts; its own and those that say what became of it. */
  readonly headers: TopicRecord['headers'];
  /** Whether it was replayed. */
  readonly replayed: boolean;
}

// A replay is noted in the dead-letter topic itself, by a record that names the letter's offset.
const REPLAYED = 'dlt_replayed_offset';

/** The dead-letter topics that there are. */
export async function deadLetterTopics(kafka: Kafka): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).filter((topic) => topic.endsWith('.dlt')).sort();
  } finally {
    await admin.disconnect();
  }
}

/** All letters of a dead-letter topic, oldest first. */
export async function readLetters(kafka: Kafka, topic: string): Promise<DeadLetter[]> {
  const records = await readTopic(kafka, topic);
  const replayed = new Set(records.map(({ headers }) => headers[REPLAYED]));
  return records
    .filter(({ headers }) => headers[REPLAYED] === undefined)
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
      replayed: replayed.has(message.offset),
    }));
}

/**
 * Publishes letters on the topics that they come from, as they were, and notes that. Every consumer
 * group gets them, also those that had handled them: to those a repetition is nothing new.
 */
export async function replay(kafka: Kafka, letters: readonly DeadLetter[]): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    for (const { topic, offset, origin, message } of letters) {
      const headers = Object.fromEntries(
        Object.entries(message.headers ?? {}).filter(([name]) => !name.startsWith('dlt_')),
      );
      const { key, value } = message;
      await producer.send({ topic: origin.topic, acks: -1, messages: [{ key, value, headers }] });
      const note = { key: offset, value: null, headers: { [REPLAYED]: offset } };
      await producer.send({ topic, acks: -1, messages: [note] });
    }
  } finally {
    await producer.disconnect();
  }
}
