import { queryMis, type Databases } from './databases.ts';

/** Which orders to read: all from one id to another, or those with certain ids. */
export type Selection = { readonly from: number; readonly to: number } | readonly number[];

interface Units {
  readonly equipmentId: number;
  readonly qty: number;
}

export interface OrderRow extends Units {
  readonly status: 'ORDERED' | 'APPROVED' | 'CANCELLED' | 'REJECTED';
  readonly approvalId: number | null;
}

export interface ApprovalRow extends Units {
  readonly id: number;
  readonly status: 'APPROVED' | 'CANCELLED' | 'REJECTED';
  readonly confirmed: boolean;
  /** Whether ApprovalObtained was published; null if the row does not show it. */
  readonly obtained: boolean | null;
}

export interface LedgerRow extends Units {
  readonly outcome: 'TAKEN' | 'REFUSED' | 'RETURNED' | 'VOID';
}

/** The row of mis: what it shows, and 1 for each event that it has, else 0. */
export interface ViewRow {
  readonly equipmentId: number | null;
  readonly qty: number | null;
  readonly approvalId: number | null;
  readonly ordered: number;
  readonly cancelled: number;
  readonly obtained: number;
  readonly rejected: number;
  readonly cancelRequested: number;
  readonly decreased: number;
  readonly increased: number;
  readonly stockRejected: number;
}

/** What the four databases have of one order. */
export interface OrderRows {
  order?: OrderRow;
  approval?: ApprovalRow;
  out?: LedgerRow;
  in?: LedgerRow;
  view?: ViewRow;
}

interface OfOrder {
  readonly orderId: number;
}

/** The rows of some orders, by order id. */
export async function readOrderRows(
  { order, approval, equipment, mis }: Databases,
  selection: Selection,
): Promise<Map<number, OrderRows>> {
  const found = new Map<number, OrderRows>();
  const keep = <Key extends keyof OrderRows>(key: Key, row: OfOrder & OrderRows[Key]) => {
    const rows = found.get(row.orderId) ?? {};
    found.set(row.orderId, rows);
    rows[key] = row;
  };
  const [where, values] = conditionOf(selection);
  const orders = await order.query(
    `SELECT id AS "orderId", equipment_id AS "equipmentId", qty, status, approval_id AS "approvalId"
       FROM orders WHERE id ${where}`,
    values,
  );
  for (const row of orders.rows) keep('order', row);
  // A cancellation or rejection that confirms an approval publishes no ApprovalObtained, and has the
  // time of the confirmation.
  const approvals = await approval.query(
    `SELECT order_id AS "orderId", id, equipment_id AS "equipmentId", qty, status,
            confirmed_at IS NOT NULL AS confirmed,
            CASE WHEN confirmed_at IS NULL OR approved_at IS NULL THEN false
                 WHEN confirmed_at = coalesce(cancelled_at, rejected_at) THEN NULL
                 ELSE true END AS obtained
       FROM approvals WHERE order_id ${where}`,
    values,
  );
  for (const row of approvals.rows) keep('approval', row);
  const ledger = await equipment.query(
    `SELECT order_id AS "orderId", direction, equipment_id AS "equipmentId", qty, outcome
       FROM stock_ledger WHERE order_id ${where}`,
    values,
  );
  for (const { direction, ...row } of ledger.rows) keep(direction === 'OUT' ? 'out' : 'in', row);
  const [misWhere, misValues] = misConditionOf(selection);
  const views = await queryMis<OfOrder & ViewRow>(
    mis,
    `SELECT order_id AS orderId, equipment_id AS equipmentId, qty, approval_id AS approvalId,
            ordered_at IS NOT NULL AS ordered, cancelled_at IS NOT NULL AS cancelled,
            approved_at IS NOT NULL AS obtained, approval_rejected_at IS NOT NULL AS rejected,
            approval_cancelled_at IS NOT NULL AS cancelRequested,
            stock_decreased_at IS NOT NULL AS decreased,
            stock_increased_at IS NOT NULL AS increased,
            stock_rejected_at IS NOT NULL AS stockRejected
       FROM mis WHERE order_id ${misWhere}`,
    misValues,
  );
  for (const row of views) keep('view', row);
  return found;
}

/** The lowest order id from `from` on that any of the databases has. */
export async function nextOrderId(
  { order, approval, equipment, mis }: Databases,
  from: number,
): Promise<number | undefined> {
  const lowest = async (database: Databases['order'], column: string, table: string) => {
    const { rows } = await database.query(
      `SELECT min(${column}) AS id FROM ${table} WHERE ${column} >= $1`,
      [from],
    );
    return rows[0].id as number | null;
  };
  const [view] = await queryMis<{ id: number | null }>(
    mis,
    'SELECT min(order_id) AS id FROM mis WHERE order_id >= ?',
    [from],
  );
  const ids = [
    await lowest(order, 'id', 'orders'),
    await lowest(approval, 'order_id', 'approvals'),
    await lowest(equipment, 'order_id', 'stock_ledger'),
    view?.id ?? null,
  ].filter((id) => id !== null);
  return ids.length === 0 ? undefined : Math.min(...ids);
}

const conditionOf = (selection: Selection): [string, unknown[]] =>
  'from' in selection
    ? ['BETWEEN $1 AND $2', [selection.from, selection.to]]
    : ['= ANY($1)', [selection]];

const misConditionOf = (selection: Selection): [string, unknown[]] =>
  'from' in selection
    ? ['BETWEEN ? AND ?', [selection.from, selection.to]]
    : ['IN (?)', [selection]];
