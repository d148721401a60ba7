import { DomainError, Clock } from '@equipmgnt/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { Order } from '../domain/order.ts';
import { ObtainApproval } from './obtain-approval.ts';
import { Orders } from './orders.ts';

export interface PlaceOrderCommand {
  readonly equipmentId: number;
  readonly qty: number;
  /** The client's key for this request, if it sent one. */
  readonly idempotencyKey?: string;
}

/**
 * An employee orders equipment. The order is kept first; then approval is asked, and the answer is
 * the order as it stands after that.
 */
@Injectable()
export class PlaceOrder {
  private readonly logger = new Logger('Orders');

  constructor(
    private readonly orders: Orders,
    private readonly obtainApproval: ObtainApproval,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError unprocessable, when the key was used for another order */
  async execute({ equipmentId, qty, idempotencyKey }: PlaceOrderCommand): Promise<Order> {
    const newOrder = { equipmentId, qty, orderedAt: this.clock.now() };
    if (idempotencyKey === undefined) {
      const { order } = await this.orders.place(newOrder);
      return this.approvedOrWaiting(order);
    }
    const fingerprint = `${equipmentId}/${qty}`;
    const placement = await this.orders.place(newOrder, { key: idempotencyKey, fingerprint });
    if (placement.kind === 'known' && placement.fingerprint !== fingerprint) {
      throw new DomainError(
        'unprocessable',
        'idempotency-key-reused',
        'This Idempotency-Key was used for another order before; use a new key for a new order.',
      );
    }
    if (placement.kind === 'known' && placement.answer) return placement.answer;
    // New, or the first request's answer was never kept: it is under way, or its process died.
    const { order } = placement;
    const answer = order.status === 'ORDERED' ? await this.obtainApproval.execute(order) : order;
    return this.orders.keepAnswer(idempotencyKey, answer);
  }

  /**
   * The order is placed. Should saving its approval fail, a client that is told so orders again, and
   * without a key that is a second order: it is told that the first waits, as it does.
   */
  private async approvedOrWaiting(placed: Order): Promise<Order> {
    const { id, equipmentId, qty, orderedAt, state } = placed;
    try {
      return await this.obtainApproval.execute(placed);
    } catch (error) {
      this.logger.warn({ err: error }, `order ${id} waits: its approval could not be saved`);
      return new Order(id, equipmentId, qty, orderedAt, state);
    }
  }
}
