import type { OrderDetails, Requester } from '@equipmgnt/contracts';
import { Clock, fingerprintOf } from '@equipmgnt/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { Order } from '../domain/order.ts';
import { Orders } from './orders.ts';
import { RequestApproval } from './request-approval.ts';

/** What a client asks for. The requester is who has signed in, and not a part of it. */
export type OrderedUnits = Omit<OrderDetails, 'requester'>;

/**
 * An employee orders equipment. The order is stored first. Then its approval is requested, and the
 * answer to the client is the order as it is after that.
 */
@Injectable()
export class PlaceOrder {
  private readonly logger = new Logger('Orders');

  constructor(
    private readonly orders: Orders,
    private readonly requestApproval: RequestApproval,
    private readonly clock: Clock,
  ) {}

  /**
   * @param requester who places it, if the client has signed in
   * @param key the client's idempotency key, if it sent one
   * @throws DomainError unprocessable, when the key belongs to another request
   */
  async execute(wanted: OrderedUnits, requester?: Requester, key?: string): Promise<Order> {
    const orderedAt = this.clock.now();
    const newOrder = { ...wanted, ...(requester && { requester }), orderedAt };
    if (key === undefined) {
      const { order } = await this.orders.place(newOrder);
      return this.approvedOrWaiting(order);
    }
    const fingerprint = orderFingerprint(wanted);
    const { order, answer } = await this.orders.place(newOrder, { key, fingerprint });
    if (answer) return answer;
    // The order is new, or the first request is still in progress, or its process has crashed.
    const current = order.status === 'ORDERED' ? await this.requestApproval.execute(order) : order;
    return this.orders.keepAnswer(key, current);
  }

  /**
   * The order is placed. If its approval cannot be saved, the answer is still the waiting order: after
   * an error, a client without a key would send the request again and place a second order.
   */
  private async approvedOrWaiting(placed: Order): Promise<Order> {
    const { id, details, state } = placed;
    try {
      return await this.requestApproval.execute(placed);
    } catch (error) {
      this.logger.warn({ err: error }, `order ${id} waits: its approval could not be saved`);
      return new Order({ id, details, state });
    }
  }
}

/** `equipmentId/qty` is the form of the stored keys; a further field adds its name and its value. */
function orderFingerprint({ equipmentId, qty, ...further }: OrderedUnits): string {
  const rest = fingerprintOf(further);
  return rest === '' ? `${equipmentId}/${qty}` : `${equipmentId}/${qty}/${rest}`;
}
