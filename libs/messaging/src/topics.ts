import { deadLetterTopic } from '@equipmgnt/contracts';
import type { Kafka } from 'kafkajs';

/** Kept for ever: a view can be rebuilt from the topics, and a dead letter waits for an operator. */
const KEEP_FOREVER = { name: 'retention.ms', value: '-1' };
/** A dead letter is a message plus its reason: larger than the largest message, 1 MiB by default. */
const DEAD_LETTER_SIZE = { name: 'max.message.bytes', value: String(2 * 1024 * 1024) };

/**
 * Creates the topics that do not exist yet, each with its dead-letter topic. The number of replicas is
 * the broker's default.
 * @param partitions of each topic; a dead-letter topic has one, so that it is read in order
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
        configEntries: [KEEP_FOREVER, DEAD_LETTER_SIZE],
      },
    ]);
    const missing = wanted.filter(({ topic }) => !existing.has(topic));
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
}
