import type { OrderDetails } from '@equipmgnt/contracts';
import { Clock, DomainError } from '@equipmgnt/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { Order } from '../domain/order.ts';
import { Orders } from './orders.ts';
import { RequestApproval } from './request-approval.ts';

export interface PlaceOrderCommand extends OrderDetails {
  /** The client's key for this request, if it sent one. */
  readonly idempotencyKey?: string;
}

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

  /** @throws DomainError unprocessable, when the key belongs to another order */
  async execute({ idempotencyKey: key, ...wanted }: PlaceOrderCommand): Promise<Order> {
    const newOrder = { ...wanted, orderedAt: this.clock.now() };
    if (key === undefined) {
      const { order } = await this.orders.place(newOrder);
      return this.approvedOrWaiting(order);
    }
    const fingerprint = fingerprintOf(wanted);
    const placement = await this.orders.place(newOrder, { key, fingerprint });
    if (placement.kind === 'known' && placement.fingerprint !== fingerprint) {
      throw new DomainError(
        'unprocessable',
        'idempotency-key-reused',
        'This Idempotency-Key belongs to another order; use a new key for a new order.',
      );
    }
    if (placement.kind === 'known' && placement.answer) return placement.answer;
    // The order is new, or the first request is still in progress, or its process has crashed.
    const { order } = placement;
    const answer = order.status === 'ORDERED' ? await this.requestApproval.execute(order) : order;
    return this.orders.keepAnswer(key, answer);
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

/**
 * Covers every field of the command but the key. `equipmentId/qty` is the form of the stored keys; a
 * further field adds its name and its value.
 */
function fingerprintOf(wanted: OrderDetails): string {
  const { equipmentId, qty, ...further } = wanted;
  const fields = Object.entries(further).sort(([a], [b]) => (a < b ? -1 : 1));
  return [equipmentId, qty, ...fields.map((field) => JSON.stringify(field))].join('/');
}
