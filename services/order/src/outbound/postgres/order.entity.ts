import { EntitySchema } from 'typeorm';
import { Order, type OrderState, type OrderStatus } from '../../domain/order.ts';

/** A row of `orders`, for reads. The statements that write are in statements.ts. */
export interface OrderRow {
  id: number;
  equipmentId: number;
  qty: number;
  status: OrderStatus;
  approvalId: number | null;
  reason: string | null;
  orderedAt: Date | string;
  approvedAt: Date | string | null;
  cancelledAt: Date | string | null;
  rejectedAt: Date | string | null;
}

export const orderEntity = new EntitySchema<OrderRow>({
  name: 'order',
  tableName: 'orders',
  columns: {
    id: { type: 'bigint', primary: true },
    equipmentId: { name: 'equipment_id', type: 'bigint' },
    qty: { type: 'int' },
    status: { type: 'text' },
    approvalId: { name: 'approval_id', type: 'bigint', nullable: true },
    reason: { type: 'text', nullable: true },
    orderedAt: { name: 'ordered_at', type: 'timestamptz' },
    approvedAt: { name: 'approved_at', type: 'timestamptz', nullable: true },
    cancelledAt: { name: 'cancelled_at', type: 'timestamptz', nullable: true },
    rejectedAt: { name: 'rejected_at', type: 'timestamptz', nullable: true },
  },
});

/** An order from its row, or from its row as JSON. */
export const toOrder = (row: OrderRow): Order =>
  new Order({
    id: row.id,
    equipmentId: row.equipmentId,
    qty: row.qty,
    orderedAt: new Date(row.orderedAt),
    state: toState(row),
  });

function toState(row: OrderRow): OrderState {
  const approval = {
    ...(row.approvalId !== null && { approvalId: row.approvalId }),
    ...(row.approvedAt !== null && { approvedAt: new Date(row.approvedAt) }),
  };
  switch (row.status) {
    case 'ORDERED':
      return { status: 'ORDERED' };
    case 'APPROVED':
      return {
        status: 'APPROVED',
        approvalId: present(row, 'approvalId'),
        approvedAt: new Date(present(row, 'approvedAt')),
      };
    case 'CANCELLED':
      return {
        status: 'CANCELLED',
        ...approval,
        cancelledAt: new Date(present(row, 'cancelledAt')),
      };
    case 'REJECTED':
      return {
        status: 'REJECTED',
        ...approval,
        reason: present(row, 'reason'),
        rejectedAt: new Date(present(row, 'rejectedAt')),
      };
  }
}

function present<K extends keyof OrderRow>(row: OrderRow, column: K): NonNullable<OrderRow[K]> {
  const value = row[column];
  if (value === null) throw new Error(`order ${row.id} is ${row.status} without ${column}`);
  return value;
}

/** The row of an order, with values that JSON can represent. */
export function toRow({ id, equipmentId, qty, orderedAt, state }: Order): OrderRow {
  return {
    id,
    equipmentId,
    qty,
    status: state.status,
    approvalId: ('approvalId' in state && state.approvalId) || null,
    reason: 'reason' in state ? state.reason : null,
    orderedAt,
    approvedAt: ('approvedAt' in state && state.approvedAt) || null,
    cancelledAt: 'cancelledAt' in state ? state.cancelledAt : null,
    rejectedAt: 'rejectedAt' in state ? state.rejectedAt : null,
  };
}
