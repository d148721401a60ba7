import { randomUUID } from 'node:crypto';
import type { Consumer, IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import { registerCodecs, unreadable } from './consumer/codecs.ts';

/** A message and its partition. The offset is part of the message. */
export interface TopicRecord {
  readonly partition: number;
  readonly message: KafkaMessage;
  /** Its headers, decoded as UTF-8. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads a topic up to its current end: each message once, in the order of its partition, without
 * messages of aborted transactions. Deletes its consumer group afterwards.
 * @throws KafkaJSError when the topic does not exist or no broker answers
 * @throws Error when a batch cannot be decompressed
 */
export async function readTopic(kafka: Kafka, topic: string): Promise<TopicRecord[]> {
  const records: TopicRecord[] = [];
  await scanTopic(kafka, topic, async (record) => void records.push(record));
  return records;
}

/**
 * The same, one record at a time, so that the topic does not have to fit into memory.
 * @param onRecord is called for the next record when its promise is resolved
 */
export async function scanTopic(
  kafka: Kafka,
  topic: string,
  onRecord: (record: TopicRecord) => Promise<void>,
): Promise<void> {
  registerCodecs();
  const admin = kafka.admin();
  const groupId = `topic-reader-${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 200,
    maxBytesPerPartition: 8 * 1024 * 1024,
  });
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    const filled = offsets.filter(({ low, high }) => low !== high);
    if (filled.length === 0) return;
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const ends = new Map(filled.map(({ partition, high }) => [partition, BigInt(high)]));
    await consumeUpTo(ends, consumer, onRecord);
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined); // no offset was committed, so the group may not exist
    await admin.disconnect();
  }
}

async function consumeUpTo(
  ends: Map<number, bigint>,
  consumer: Consumer,
  onRecord: (record: TopicRecord) => Promise<void>,
): Promise<void> {
  const last = new Map<number, bigint>(); // after a rebalance, some messages come twice
  await new Promise<void>((resolve, reject) => {
    // eachMessage is not called for a batch with only a transaction marker; this event is emitted.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      if (BigInt(lastOffset) + 1n >= (ends.get(partition) ?? 0n)) ends.delete(partition);
      if (ends.size === 0) resolve();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    const eachMessage = async ({ partition, message }: Omit<TopicRecord, 'headers'>) => {
      const reason = unreadable(message);
      if (reason) return reject(new Error(`partition ${partition} cannot be read: ${reason}`));
      const offset = BigInt(message.offset);
      if (offset <= (last.get(partition) ?? -1n)) return;
      last.set(partition, offset);
      await onRecord({ partition, message, headers: texts(message.headers) }).catch(reject);
    };
    consumer.run({ eachMessage, autoCommit: false }).catch(reject);
  });
}

const texts = (headers: IHeaders = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)]));
