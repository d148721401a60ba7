import { readTopic } from '@equipmgnt/testing';
import { Kafka, logLevel } from 'kafkajs';
import type {
  ApprovalRow,
  DeadLetterRow,
  FinalState,
  LedgerRow,
  OrderRow,
  TopicMessage,
  ViewRow,
} from '../run-record.ts';
import { query } from './query.ts';
import type { Environment } from './environment.ts';
import { GROUPS, POISON_HEADER, TOPICS, type Topic } from './topics.ts';

const PAGE = 1_000;

/** Reads what the services and the topics hold, once everything is at rest. */
export async function readFinalState(environment: Environment): Promise<FinalState> {
  const { databases, kafkaBrokers } = environment.direct;
  const [mis] = environment.suite.mis;
  const [orders, approvals, equipments, views, messages, letters] = await Promise.all([
    query<OrderRow>(
      databases.order,
      'SELECT id, equipment_id AS "equipmentId", qty, status, approval_id AS "approvalId" FROM orders',
    ),
    query<ApprovalRow>(
      databases.approval,
      'SELECT id, order_id AS "orderId", equipment_id AS "equipmentId", qty, status FROM approvals',
    ),
    query<{ id: number; stock: number }>(databases.equipment, 'SELECT id, stock FROM equipments'),
    readViews(mis.url),
    readTopics(kafkaBrokers, TOPICS),
    readTopics(
      kafkaBrokers,
      TOPICS.map((topic) => `${topic}.dlt`),
    ),
  ]);
  const ledger = await query<LedgerRow>(
    databases.equipment,
    `SELECT order_id AS "orderId", equipment_id AS "equipmentId", qty, direction, outcome
       FROM stock_ledger`,
  );
  const outboxes = (['order', 'approval', 'equipment'] as const).map(async (service) => {
    const [row] = await query<{ count: number }>(
      databases[service],
      'SELECT count(*) AS count FROM outbox',
    );
    return [service, row?.count ?? 0] as const;
  });
  return {
    orders,
    approvals,
    equipments,
    ledger,
    views,
    rebuiltViews: undefined,
    messages,
    poison: messages
      .filter(({ headers }) => POISON_HEADER in headers)
      .map(({ topic, partition, offset }) => ({
        topic,
        partition,
        offset,
        groups: GROUPS[topic as Topic],
      })),
    deadLetters: letters.map(({ headers }) => deadLetter(headers)),
    outbox: Object.fromEntries(await Promise.all(outboxes)),
  };
}

interface MisPage {
  readonly _embedded: {
    readonly mis: readonly (Omit<ViewRow, 'timeline'> & {
      readonly timeline: readonly { readonly event: string }[];
    })[];
  };
  readonly page: { readonly totalPages: number };
}

/** All rows of mis, as its API shows them. */
export async function readViews(url: string): Promise<ViewRow[]> {
  const views: ViewRow[] = [];
  for (let page = 0; ; page += 1) {
    const answer = await fetch(`${url}/mis?size=${PAGE}&page=${page}`);
    if (!answer.ok) throw new Error(`GET /mis answers ${answer.status}`);
    const body = (await answer.json()) as MisPage;
    for (const { id, equipmentId, qty, status, approvalId, timeline } of body._embedded.mis) {
      const events = timeline.map(({ event }) => event);
      views.push({ id, equipmentId, qty, status, approvalId, timeline: events });
    }
    if (page + 1 >= body.page.totalPages) return views;
  }
}

type Message = TopicMessage & { readonly headers: Readonly<Record<string, string>> };

async function readTopics(brokers: string, topics: readonly string[]): Promise<Message[]> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const there = await admin.listTopics();
  await admin.disconnect();
  const read = topics
    .filter((topic) => there.includes(topic))
    .map(async (topic) =>
      (await readTopic(kafka, topic)).map(({ partition, message, headers }) => ({
        topic,
        partition,
        offset: message.offset,
        key: String(message.key ?? ''),
        id: headers['ce_id'] ?? '',
        type: headers['ce_type'] ?? '',
        value: String(message.value ?? ''),
        headers,
      })),
    );
  return (await Promise.all(read)).flat();
}

const deadLetter = (headers: Readonly<Record<string, string>>): DeadLetterRow => ({
  topic: headers['dlt_topic'] ?? '',
  partition: Number(headers['dlt_partition']),
  offset: headers['dlt_offset'] ?? '',
  group: headers['dlt_consumer_group'] ?? '',
});
