import { type FastifyRequest, type Hal, halResource } from '@equipmgnt/http';
import type { NewOrder, Order, OrderStatus } from '../../domain/order.ts';

/** An order as the API shows it: what was ordered, and its state. Times are ISO 8601, in UTC. */
export interface OrderBody extends NewOrder {
  id: number;
  status: OrderStatus;
  /** Absent while it waits for its approval. */
  approvalId?: number;
  /** Why it was rejected: OUT_OF_STOCK or UNKNOWN_EQUIPMENT; on old orders also APPROVAL_MISMATCH. */
  reason?: string;
  approvedAt?: Date;
  cancelledAt?: Date;
  rejectedAt?: Date;
}

/** An order with links to itself, its approval, its equipment and its row in the view. */
export function orderResource(request: FastifyRequest, order: Order): Hal<OrderBody> {
  const { id, details, state } = order;
  const approvalId = 'approvalId' in state ? state.approvalId : undefined;
  return halResource(
    request,
    'order',
    'orders',
    { id, ...details, ...state },
    {
      ...(approvalId !== undefined && { approval: `approvals/${approvalId}` }),
      equipment: `equipments/${details.equipmentId}`,
      mis: `mis/${id}`,
    },
  );
}
