import { events, type PublishedEventType, type PublishingService } from '@equipmgnt/contracts';
import { orderEventTypes, type Difference } from './compare.ts';
import type { Databases } from './databases.ts';
import { writeTotals } from './rental-counts.ts';

type Unhandled = Extract<Difference, { kind: 'unhandled' }>;

/** Where the owner of a fact has its data, apart from the columns with the names of the fields. */
interface Source {
  readonly service: PublishingService;
  /** Selects the row with the key $1, with its own columns, the key and the time of the event. */
  readonly query: string;
}

const ofOrder = (time: string): Source => ({
  service: 'order',
  query: `SELECT *, id AS order_id, ${time} AS happened_at FROM orders WHERE id = $1`,
});

const ofApproval = (time: string): Source => ({
  service: 'approval',
  query: `SELECT *, id AS approval_id, ${time} AS happened_at FROM approvals WHERE order_id = $1`,
});

/** The ledger has neither the stock after the movement nor the reason; the approval's id is added. */
const ofLedger = (direction: 'OUT' | 'IN'): Source => ({
  service: 'equipment',
  query: `SELECT l.*, l.at AS happened_at, e.stock,
                 CASE WHEN e.id IS NULL THEN 'UNKNOWN_EQUIPMENT' ELSE 'OUT_OF_STOCK' END AS reason
            FROM stock_ledger l LEFT JOIN equipments e ON e.id = l.equipment_id
           WHERE l.order_id = $1 AND l.direction = '${direction}'`,
});

const sources: Readonly<Partial<Record<PublishedEventType, Source>>> = {
  'equipmgnt.EquipmentRegistered.v1': {
    service: 'equipment',
    query: `SELECT id AS equipment_id, registered AS stock, name, category, region,
                   registered_at AS happened_at
              FROM equipments WHERE id = $1`,
  },
  'equipmgnt.Ordered.v1': ofOrder('ordered_at'),
  'equipmgnt.OrderCancelled.v1': ofOrder('cancelled_at'),
  'equipmgnt.ApprovalObtained.v1': ofApproval('confirmed_at'),
  'equipmgnt.ApprovalRejected.v1': ofApproval('rejected_at'),
  'equipmgnt.CancelRequested.v1': ofApproval('cancelled_at'),
  'equipmgnt.StockDecreased.v1': ofLedger('OUT'),
  'equipmgnt.StockRejected.v1': ofLedger('OUT'),
  'equipmgnt.StockIncreased.v1': ofLedger('IN'),
};

/** What a repair did. */
export interface RepairResult {
  /** How many events were written to an outbox. */
  readonly published: number;
  /** The orders that were left as they are, because a service has lost what it knew of them. */
  readonly skipped: readonly number[];
}

/**
 * Publishes the events again that consumers have not handled, from the service that owns the fact: it
 * writes them to the outbox of that service. Handlers are idempotent, so for all other consumers they
 * are duplicates without effect. Wrong totals in mis are written again.
 *
 * An order of which a service has lost a fact is skipped: the service would handle the event as a new
 * one, and give the order another approval. It has to be recovered first.
 */
export async function repair(
  databases: Databases,
  differences: readonly Difference[],
): Promise<RepairResult> {
  const lost = new Set(differences.filter(({ kind }) => kind === 'lost').map(({ key }) => key));
  const wanted = new Map<string, Unhandled>(); // once, however many consumers lack it
  const skipped = new Set<number>();
  for (const difference of differences) {
    if (difference.kind !== 'unhandled') continue;
    if (lost.has(difference.key)) skipped.add(difference.key);
    else wanted.set(`${difference.type} ${difference.key}`, difference);
  }
  const inOrder = [...wanted.values()].sort((a, b) => rank(a) - rank(b) || a.key - b.key);
  for (const { type, key } of inOrder) await publishAgain(databases, type, key);
  if (differences.some(({ kind }) => kind === 'total')) await writeTotals(databases.mis);
  return { published: inOrder.length, skipped: [...skipped] };
}

const rank = ({ type }: Unhandled): number => (orderEventTypes as string[]).indexOf(type);

async function publishAgain(
  databases: Databases,
  type: PublishedEventType,
  key: number,
): Promise<void> {
  const source = sources[type];
  if (source === undefined) throw new Error(`no source for ${type}`);
  const database = databases[source.service];
  const { rows } = await database.query(source.query, [key]);
  const row = rows[0];
  if (row === undefined)
    throw new Error(`${source.service} has no row for ${type} of ${key} any more`);
  const fields: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    if (value !== null)
      fields[column.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())] = value;
  }
  if (type === 'equipmgnt.StockRejected.v1') {
    const approvals = await databases.approval.query(
      'SELECT id FROM approvals WHERE order_id = $1',
      [key],
    );
    fields['approvalId'] = approvals.rows[0]?.id;
  }
  const { topic, data } = events[type];
  await database.query(
    'INSERT INTO outbox (topic, type, key, data, occurred_at) VALUES ($1, $2, $3, $4, $5)',
    [topic, type, key, JSON.stringify(data.parse(fields)), row.happened_at],
  );
}
