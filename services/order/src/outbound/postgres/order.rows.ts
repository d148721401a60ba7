import type { Requester } from '@equipmgnt/contracts';
import { column, Columns, nullable, type ColumnOfEach, type RowOf } from '@equipmgnt/database';
import { Order, type NewOrder, type OrderState, type OrderStatus } from '../../domain/order.ts';

/** What an order has from its beginning, and keeps. */
const detailColumns = new Columns({
  equipmentId: column.bigint(),
  qty: column.int(),
  requester: nullable(column.jsonb<Requester>()),
  orderedAt: column.timestamptz(),
} satisfies ColumnOfEach<NewOrder>);

const approvalColumns = new Columns({
  approvalId: nullable(column.bigint()),
  approvedAt: nullable(column.timestamptz()),
});

/** What a change of the status writes. */
export const stateColumns = new Columns({
  status: column.text<OrderStatus>(),
  ...approvalColumns.map,
  cancelledAt: nullable(column.timestamptz()),
  rejectedAt: nullable(column.timestamptz()),
  reason: nullable(column.text()),
});

export const orderColumns = new Columns({
  id: column.bigint(),
  ...detailColumns.map,
  ...stateColumns.map,
});

export type OrderRow = RowOf<typeof orderColumns>;

/** For reads. Writes are the statements in statements.ts. */
export const orderEntity = orderColumns.entity('order', 'orders', 'id');

export const toOrder = (row: OrderRow): Order =>
  new Order({ id: row.id, details: detailColumns.read(row), state: toState(row) });

export const toRow = (order: Order): OrderRow =>
  orderColumns.row({ id: order.id, ...order.details, ...order.state });

function toState(row: OrderRow): OrderState {
  const { status } = row;
  const approval = approvalColumns.read(row);
  switch (status) {
    case 'ORDERED':
      return { status };
    case 'APPROVED':
      return { status, ...approvalColumns.required(row, 'approvalId', 'approvedAt') };
    case 'CANCELLED':
      return { status, ...approval, ...stateColumns.required(row, 'cancelledAt') };
    case 'REJECTED':
      return { status, ...approval, ...stateColumns.required(row, 'rejectedAt', 'reason') };
  }
}
