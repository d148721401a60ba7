import { deadLetterTopic, isPublishingService, SERVICES, topics } from '@equipmgnt/contracts';
import type { Kafka } from 'kafkajs';
import { compareOrder, describe } from './compare.ts';
import { queryMis, type Databases } from './databases.ts';
import { deadLetterTopics, readDeadLetters } from './dead-letter-topic.ts';
import { readOrderRows } from './order-rows.ts';

/** Something that a service did with an order. */
export interface Step {
  readonly at: Date;
  readonly service: 'order' | 'approval' | 'equipment';
  readonly what: string;
}

/** Where an order is in all services. */
export interface OrderReport {
  readonly id: number;
  /** Absent if order does not have it. */
  readonly status?: string;
  readonly qty?: number;
  readonly equipmentId?: number;
  readonly requester?: { readonly id: string; readonly name: string };
  /** What happened, from the first to the last. */
  readonly steps: readonly Step[];
  /** The status that mis shows. */
  readonly shown?: string;
  /** What keeps the order from going on; nothing when all services have handled all of it. */
  readonly waitsFor: readonly string[];
}

/**
 * Reads what the four services have of one order, its events that are still in an outbox, and its dead
 * letters.
 * @returns nothing if no service has the order
 */
export async function orderReport(
  databases: Databases,
  kafka: Kafka,
  id: number,
): Promise<OrderReport | undefined> {
  const rows = (await readOrderRows(databases, [id])).get(id);
  if (rows === undefined) return undefined;
  const { order, view } = rows;
  const [details] = (
    await databases.order.query('SELECT requester FROM orders WHERE id = $1', [id])
  ).rows;
  const [shown] = await queryMis<{ status: string }>(
    databases.mis,
    'SELECT status FROM mis WHERE order_id = ? AND ordered_at IS NOT NULL',
    [id],
  );
  const units = order ?? (view?.qty ? view : undefined);
  return {
    id,
    ...(order && { status: order.status }),
    ...(units && { qty: Number(units.qty), equipmentId: Number(units.equipmentId) }),
    ...(details?.requester && { requester: details.requester }),
    steps: await stepsOf(databases, id),
    ...(shown && { shown: shown.status }),
    waitsFor: [
      ...(await waitingEvents(databases, id)),
      ...(await deadLetters(kafka, id)),
      ...[...compareOrder(id, rows)].map(describe),
    ],
  };
}

/** The times of each service's row, each with what it means. */
const STEPS = {
  order: `
    SELECT ordered_at AS at, 'ordered' AS what FROM orders WHERE id = $1
     UNION ALL SELECT approved_at, 'approved, with approval ' || approval_id FROM orders WHERE id = $1
     UNION ALL SELECT cancelled_at, 'cancelled' FROM orders WHERE id = $1
     UNION ALL SELECT rejected_at, 'rejected: ' || reason FROM orders WHERE id = $1`,
  approval: `
    SELECT approved_at AS at, 'approval ' || id || ' given' AS what FROM approvals WHERE order_id = $1
     UNION ALL SELECT confirmed_at, 'approval ' || id || ' confirmed by the event of the order'
                 FROM approvals WHERE order_id = $1
     UNION ALL SELECT cancelled_at, 'approval ' || id || ' cancelled' FROM approvals WHERE order_id = $1
     UNION ALL SELECT rejected_at, 'approval ' || id || ' rejected: ' || reason
                 FROM approvals WHERE order_id = $1`,
  equipment: `
    SELECT at, qty || CASE qty WHEN 1 THEN ' unit' ELSE ' units' END || ' of equipment ' || equipment_id || ' ' ||
           CASE outcome WHEN 'TAKEN' THEN 'taken' WHEN 'RETURNED' THEN 'returned'
                        WHEN 'REFUSED' THEN 'not in stock' ELSE 'not taken, so none returned' END AS what
      FROM stock_ledger WHERE order_id = $1`,
} as const;

async function stepsOf(databases: Databases, id: number): Promise<Step[]> {
  const steps: Step[] = [];
  for (const service of ['order', 'approval', 'equipment'] as const) {
    const { rows } = await databases[service].query(STEPS[service], [id]);
    for (const { at, what } of rows) if (at !== null) steps.push({ at, service, what });
  }
  return steps.sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** The events of the order that are not published yet. Their key is the order's id. */
async function waitingEvents(databases: Databases, id: number): Promise<string[]> {
  const found: string[] = [];
  for (const service of SERVICES.filter(isPublishingService)) {
    const { rows } = await databases[service].query(
      `SELECT type, occurred_at AS since, parked_reason AS reason FROM outbox
        WHERE key = $1 AND type <> 'equipmgnt.EquipmentRegistered.v1' ORDER BY id`,
      [id],
    );
    for (const { type, since, reason } of rows) {
      const state = reason === null ? 'is not published yet' : `is parked: ${reason}`;
      found.push(`${shortName(type)} in the outbox of ${service} ${state}, since ${time(since)}`);
    }
  }
  return found;
}

async function deadLetters(kafka: Kafka, id: number): Promise<string[]> {
  const own: readonly string[] = Object.values(topics).map(deadLetterTopic);
  const existing = (await deadLetterTopics(kafka)).filter((topic) => own.includes(topic));
  const all = await Promise.all(existing.map((topic) => readDeadLetters(kafka, topic)));
  return all
    .flat()
    .filter(({ message, headers, state }) => {
      const isOfEquipment = headers['ce_type'] === 'equipmgnt.EquipmentRegistered.v1';
      return state === 'waiting' && !isOfEquipment && message.key?.toString() === String(id);
    })
    .map(
      ({ consumerGroup, topic, offset, code, headers }) =>
        `${consumerGroup} could not handle ${shortName(headers['ce_type'] ?? 'a message')}: ${code}, dead letter ${offset} of ${topic}`,
    );
}

const shortName = (type: string): string => type.split('.')[1] ?? type;

const time = (date: Date): string => date.toISOString();

/** The report as text. */
export function printReport(report: OrderReport): void {
  const { id, status = 'unknown to order', qty, equipmentId, requester, shown } = report;
  const units =
    qty === undefined ? '' : `, ${qty} ${qty === 1 ? 'unit' : 'units'} of equipment ${equipmentId}`;
  console.log(`order ${id}: ${status}${units}${requester ? `, for ${requester.name}` : ''}`);
  const start = report.steps[0]?.at.getTime() ?? 0;
  for (const { at, service, what } of report.steps) {
    const after = `+${at.getTime() - start} ms`.padStart(12);
    console.log(`  ${time(at)} ${after}  ${service.padEnd(9)}  ${what}`);
  }
  console.log(`mis shows ${shown ?? 'nothing of it'}`);
  if (report.waitsFor.length === 0) console.log('It waits for nothing.');
  for (const reason of report.waitsFor) console.log(`It waits: ${reason}`);
}
