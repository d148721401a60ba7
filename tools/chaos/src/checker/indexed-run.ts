import type {
  ApprovalRow,
  FinalState,
  History,
  LedgerRow,
  OrderRow,
  RunRecord,
  ViewRow,
} from '../run-record.ts';
import { readEvents, type EventLog } from './read-events.ts';

/** A run, indexed by order, so that each check is one pass. */
export interface IndexedRun {
  readonly history: History;
  readonly final: FinalState;
  readonly orders: ReadonlyMap<number, OrderRow>;
  /** These and the following are by order id. */
  readonly approvals: ReadonlyMap<number, ApprovalRow>;
  readonly out: ReadonlyMap<number, LedgerRow>;
  readonly in: ReadonlyMap<number, LedgerRow>;
  readonly views: ReadonlyMap<number, ViewRow>;
  readonly rebuiltViews: ReadonlyMap<number, ViewRow> | undefined;
  readonly log: EventLog;
  /** Rows that exist more than once, and messages that are not correct events. */
  readonly differences: readonly string[];
}

export function indexRun({ history, final }: RunRecord): IndexedRun {
  const differences: string[] = [];
  const index = <Row>(rows: readonly Row[], keyOf: (row: Row) => number, what: string) => {
    const byKey = new Map<number, Row>();
    for (const row of rows) {
      const key = keyOf(row);
      if (byKey.has(key)) differences.push(`${what.replace('#', String(key))} more than once`);
      else byKey.set(key, row);
    }
    return byKey;
  };
  const lines = (direction: string) => final.ledger.filter((row) => row.direction === direction);
  const orderId = (row: { readonly orderId: number }) => row.orderId;
  const id = (row: { readonly id: number }) => row.id;

  for (const row of final.ledger) {
    if (row.direction === 'OUT' || row.direction === 'IN') continue;
    differences.push(`order ${row.orderId} has a ledger line with direction "${row.direction}"`);
  }
  index(final.approvals, id, 'approval # exists');
  index(final.equipments, id, 'equipment # exists');
  const log = readEvents(final.messages, final.poison);
  return {
    history,
    final,
    orders: index(final.orders, id, 'order # exists'),
    approvals: index(final.approvals, orderId, 'order # is approved'),
    out: index(lines('OUT'), orderId, 'order # has an OUT line in the ledger'),
    in: index(lines('IN'), orderId, 'order # has an IN line in the ledger'),
    views: index(final.views, id, 'mis shows order #'),
    rebuiltViews:
      final.rebuiltViews && index(final.rebuiltViews, id, 'the rebuilt mis shows order #'),
    log,
    differences: differences.concat(log.differences),
  };
}

/** One difference for each row of an order that does not exist. */
export function* orphans(
  orderIds: Iterable<number>,
  { orders }: IndexedRun,
  what: string,
): Iterable<string> {
  for (const orderId of orderIds) {
    if (!orders.has(orderId)) yield `${what} order ${orderId}, which does not exist`;
  }
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(3)} s`;

/** E.g. `2 of equipment 1`. */
export const units = ({ qty, equipmentId }: { qty: unknown; equipmentId: unknown }): string =>
  `${qty} of equipment ${equipmentId}`;

export const sameUnits = (
  a: { qty: unknown; equipmentId: unknown },
  b: { qty: unknown; equipmentId: unknown },
): boolean => a.qty === b.qty && a.equipmentId === b.equipmentId;
