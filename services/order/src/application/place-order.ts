import type { OrderDetails } from '@equipmgnt/contracts';
import { Clock, fingerprintOf } from '@equipmgnt/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { Order } from '../domain/order.ts';
import { Orders } from './orders.ts';
import { RequestApproval } from './request-approval.ts';

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
   * @param key the client's idempotency key, if it sent one
   * @throws DomainError unprocessable, when the key belongs to another request
   */
  async execute(wanted: OrderDetails, key?: string): Promise<Order> {
    const newOrder = { ...wanted, orderedAt: this.clock.now() };
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
function orderFingerprint({ equipmentId, qty, ...further }: OrderDetails): string {
  const rest = fingerprintOf(further);
  return rest === '' ? `${equipmentId}/${qty}` : `${equipmentId}/${qty}/${rest}`;
}
