import type { RunRecord } from '../run-record.ts';
import { readEvents } from './read-events.ts';

export type IndexedRun = ReturnType<typeof indexRun>;

/**
 * A run, indexed by order, so that each check is one pass. Its differences are rows that exist more
 * than once, and messages that are not correct events.
 */
export function indexRun({ history, final }: RunRecord) {
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
  const orderId = (row: { readonly orderId: number }) => row.orderId;
  const id = (row: { readonly id: number }) => row.id;
  const ledger = Object.groupBy(final.ledger, ({ direction }) => direction);
  const { OUT = [], IN = [], ...others } = ledger;
  for (const row of Object.values(others).flatMap((rows = []) => rows)) {
    differences.push(`order ${row.orderId} has a ledger line with direction "${row.direction}"`);
  }
  index(final.approvals, id, 'approval # exists');
  const registered = index(history.registered, id, 'equipment # was registered');
  const log = readEvents(final.messages, final.poison);
  return {
    history,
    final,
    orders: index(final.orders, id, 'order # exists'),
    equipments: index(final.equipments, id, 'equipment # exists'),
    registered: new Map([...registered].map(([key, { stock }]) => [key, stock])),
    approvals: index(final.approvals, orderId, 'order # is approved'),
    out: index(OUT, orderId, 'order # has an OUT line in the ledger'),
    in: index(IN, orderId, 'order # has an IN line in the ledger'),
    views: index(final.views, id, 'mis shows order #'),
    rebuiltViews:
      final.rebuiltViews && index(final.rebuiltViews, id, 'the rebuilt mis shows order #'),
    log,
    differences: [...differences, ...log.differences],
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

interface Units {
  readonly qty: unknown;
  readonly equipmentId: unknown;
}

/** E.g. `2 of equipment 1`. */
export const units = ({ qty, equipmentId }: Units): string => `${qty} of equipment ${equipmentId}`;

export const sameUnits = (a: Units, b: Units): boolean =>
  a.qty === b.qty && a.equipmentId === b.equipmentId;
