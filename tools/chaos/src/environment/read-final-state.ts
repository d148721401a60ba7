import { readTopic } from '@equipmgnt/messaging/read-topic';
import { Kafka, logLevel } from 'kafkajs';
import type {
  ApprovalRow,
  FinalState,
  LedgerRow,
  OrderRow,
  StockOf,
  TopicMessage,
  ViewRow,
} from '../run-record.ts';
import type { Environment } from './environment.ts';
import { query } from './query.ts';
import { FUTURE_TYPE, GROUPS, POISON_HEADER, TOPICS, type Topic } from './topics.ts';

const PAGE = 1_000;

/** Reads what the services and the topics hold, once everything is at rest. */
export async function readFinalState({
  direct: { databases, kafkaBrokers },
  suite,
}: Environment): Promise<Omit<FinalState, 'rebuiltViews'>> {
  const messages = await readTopics(kafkaBrokers, TOPICS);
  const deadLetters = await readTopics(
    kafkaBrokers,
    TOPICS.map((topic) => `${topic}.dlt`),
  );
  const outboxes = (['order', 'approval', 'equipment'] as const).map(async (service) => {
    const rows = await query(databases[service], 'SELECT id FROM outbox');
    return [service, rows.length] as const;
  });
  return {
    orders: await query<OrderRow>(
      databases.order,
      'SELECT id, equipment_id AS "equipmentId", qty, status, approval_id AS "approvalId" FROM orders',
    ),
    approvals: await query<ApprovalRow>(
      databases.approval,
      'SELECT id, order_id AS "orderId", equipment_id AS "equipmentId", qty, status FROM approvals',
    ),
    equipments: await query<StockOf>(databases.equipment, 'SELECT id, stock FROM equipments'),
    ledger: await query<LedgerRow>(
      databases.equipment,
      `SELECT order_id AS "orderId", equipment_id AS "equipmentId", qty, direction, outcome
         FROM stock_ledger`,
    ),
    views: await readViews(suite.mis[0].url),
    messages,
    poison: messages
      .filter(({ headers }) => POISON_HEADER in headers)
      .map((message) => ({
        ...message,
        groups: message.headers['ce_type'] === FUTURE_TYPE ? [] : GROUPS[message.topic as Topic],
      })),
    deadLetters: deadLetters.map(({ headers }) => ({
      topic: headers['dlt_topic'] ?? '',
      partition: Number(headers['dlt_partition']),
      offset: headers['dlt_offset'] ?? '',
      group: headers['dlt_consumer_group'] ?? '',
    })),
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
    for (const { timeline, ...view } of body._embedded.mis) {
      views.push({ ...view, timeline: timeline.map(({ event }) => event) });
    }
    if (page + 1 >= body.page.totalPages) return views;
  }
}

type Message = TopicMessage & { readonly headers: Readonly<Record<string, string>> };

async function readTopics(brokers: string, topics: readonly string[]): Promise<Message[]> {
  const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
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
