import { type FastifyRequest, type Hal, halResource } from '@equipmgnt/http';
import type { Order, OrderStatus } from '../../domain/order.ts';

/** An order as the API shows it. Times are ISO 8601, in UTC. */
export interface OrderBody {
  id: number;
  equipmentId: number;
  qty: number;
  status: OrderStatus;
  /** Absent while it waits for its approval. */
  approvalId?: number;
  /** Why it was rejected: OUT_OF_STOCK or UNKNOWN_EQUIPMENT; on old orders also APPROVAL_MISMATCH. */
  reason?: string;
  orderedAt: Date;
  approvedAt?: Date;
  cancelledAt?: Date;
  rejectedAt?: Date;
}

/** An order with links to itself, its approval, its equipment and its row in the view. */
export function orderResource(request: FastifyRequest, order: Order): Hal<OrderBody> {
  const { id, equipmentId, qty, orderedAt } = order;
  const { status, ...history } = order.state;
  const approvalId = 'approvalId' in history ? history.approvalId : undefined;
  return halResource(
    request,
    'order',
    'orders',
    { id, equipmentId, qty, status, orderedAt, ...history },
    {
      ...(approvalId !== undefined && { approval: `approvals/${approvalId}` }),
      equipment: `equipments/${equipmentId}`,
      mis: `mis/${id}`,
    },
  );
}
