import { deadLetterTopic } from '@equipmgnt/contracts';
import type { Kafka } from 'kafkajs';

/** Kept for ever: a view can be rebuilt from the topics, and a dead letter waits for a person. */
const KEEP_FOREVER = { name: 'retention.ms', value: '-1' };
/** A dead letter is its message and why: larger than the largest message, 1 MiB by default. */
const ROOM_FOR_LETTERS = { name: 'max.message.bytes', value: String(2 * 1024 * 1024) };

/**
 * Makes the topics, each with its dead-letter topic, that do not exist yet. Replicas as the broker's
 * own default says.
 * @param partitions of each topic; a dead-letter topic has one, so that it reads in order
 * @throws KafkaJSError when no broker answers
 */
export async function ensureTopics(
  kafka: Kafka,
  topics: readonly string[],
  partitions: number,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const wanted = topics.flatMap((topic) => [
      { topic, numPartitions: partitions, configEntries: [KEEP_FOREVER] },
      {
        topic: deadLetterTopic(topic),
        numPartitions: 1,
        configEntries: [KEEP_FOREVER, ROOM_FOR_LETTERS],
      },
    ]);
    const missing = wanted.filter(({ topic }) => !existing.has(topic));
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
}
