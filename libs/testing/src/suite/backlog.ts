import { isPublishingService, isStatefulService, SERVICES, topology } from '@equipmgnt/contracts';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import pg from 'pg';
import type { Connections } from './services.ts';

const OUTBOXES = SERVICES.filter(isPublishingService);
const CONSUMERS = SERVICES.filter(isStatefulService);

/** Messages in flight between the services. */
export interface Backlog {
  /** Rows in the outboxes, by service. */
  readonly outbox: Readonly<Record<string, number>>;
  /** Messages that a consumer group has not committed, by group. */
  readonly lag: Readonly<Record<string, number>>;
  /** The sum of both. */
  readonly total: number;
}

/**
 * Counts the messages that are published or waiting in an outbox, and not yet consumed. Without
 * requests from clients, the suite is idle when the total is 0. The outboxes are counted before and
 * after the topics, so a message that moves from one to the other is always counted.
 * @throws when a database or the broker is unavailable
 */
export async function measureBacklog({ databases, kafkaBrokers }: Connections): Promise<Backlog> {
  const kafka = new Kafka({
    brokers: kafkaBrokers.split(','),
    logLevel: logLevel.NOTHING,
    retry: { retries: 1 },
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const before = await countOutboxes(databases);
    const lag = await countLag(admin);
    const after = await countOutboxes(databases);
    const outbox = Object.fromEntries(
      OUTBOXES.map((service) => [service, Math.max(before[service]!, after[service]!)]),
    );
    const total = [...Object.values(outbox), ...Object.values(lag)].reduce((sum, n) => sum + n, 0);
    return { outbox, lag, total };
  } finally {
    await admin.disconnect();
  }
}

async function countOutboxes(databases: Connections['databases']): Promise<Record<string, number>> {
  const counts = OUTBOXES.map(async (service) => {
    const client = new pg.Client({ connectionString: databases[service] });
    await client.connect();
    try {
      const { rows } = await client.query('SELECT count(*)::int AS count FROM outbox');
      return [service, rows[0].count as number] as const;
    } finally {
      await client.end();
    }
  });
  return Object.fromEntries(await Promise.all(counts));
}

async function countLag(admin: Admin): Promise<Record<string, number>> {
  const counts = CONSUMERS.map(async (groupId) => {
    const topics = topology[groupId].reads;
    let lag = 0;
    const committed = await admin.fetchOffsets({ groupId, topics: [...topics] });
    for (const topic of topics) {
      const done = committed.find((each) => each.topic === topic)?.partitions ?? [];
      for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
        const offset = Number(done.find((each) => each.partition === partition)?.offset ?? -1);
        lag += Number(high) - Math.max(offset, Number(low));
      }
    }
    return [groupId, lag] as const;
  });
  return Object.fromEntries(await Promise.all(counts));
}
