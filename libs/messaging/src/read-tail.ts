import type { Consumer, Kafka, KafkaMessage } from 'kafkajs';

export interface Tail {
  readonly messages: readonly KafkaMessage[];
  /** Whether the partition has no earlier messages. */
  readonly isWhole: boolean;
}

export interface TailOptions {
  readonly topic: string;
  /** A consumer group of its own, which is deleted afterwards. */
  readonly groupId: string;
  /** How many offsets before the end of each partition. */
  readonly window: number;
  readonly stop: AbortSignal;
}

interface Range {
  readonly partition: number;
  readonly from: bigint;
  readonly end: bigint;
  readonly isWhole: boolean;
}

/**
 * Reads the end of each partition, up to its end at the time of the call.
 * @throws KafkaJSError when no broker answers
 */
export async function readTail(kafka: Kafka, options: TailOptions): Promise<Tail[]> {
  const { topic, groupId, window, stop } = options;
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200, allowAutoTopicCreation: false });
  try {
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic);
    const ranges = offsets.map(({ partition, low, high }) => rangeOf(partition, low, high, window));
    const filled = ranges.filter(({ from, end }) => from < end);
    if (filled.length === 0) return [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    return await consume(consumer, topic, filled, stop);
  } finally {
    await consumer.disconnect().catch(() => undefined);
    await admin.deleteGroups([groupId]).catch(() => undefined); // without commits it may not exist
    await admin.disconnect().catch(() => undefined);
  }
}

function rangeOf(partition: number, low: string, high: string, window: number): Range {
  const [first, end] = [BigInt(low), BigInt(high)];
  const from = Number.isFinite(window) ? end - BigInt(window) : first;
  return { partition, from: from > first ? from : first, end, isWhole: from <= first };
}

async function consume(
  consumer: Consumer,
  topic: string,
  ranges: readonly Range[],
  stop: AbortSignal,
): Promise<Tail[]> {
  const messages = new Map(
    ranges.map(({ partition }) => [partition, new Map<string, KafkaMessage>()]),
  );
  const open = new Map(ranges.map(({ partition, end }) => [partition, end]));
  await new Promise<void>((resolve, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    // also emitted for a batch that has only the marker of a transaction
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      if (BigInt(lastOffset) + 1n >= (open.get(partition) ?? 0n)) open.delete(partition);
      if (open.size === 0) resolve();
    });
    const eachMessage = async ({
      partition,
      message,
    }: {
      partition: number;
      message: KafkaMessage;
    }) => {
      messages.get(partition)?.set(message.offset, message); // some come twice after a rebalance
    };
    consumer
      .run({ autoCommit: false, eachMessage })
      .then(() => {
        for (const { partition, from } of ranges)
          consumer.seek({ topic, partition, offset: String(from) });
      })
      .catch(reject);
  });
  return ranges.map(({ partition, isWhole }) => ({
    isWhole,
    messages: [...(messages.get(partition)?.values() ?? [])],
  }));
}
