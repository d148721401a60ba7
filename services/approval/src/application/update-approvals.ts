import { Clock, updateUntilSaved } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { Approval, type Subject } from '../domain/approval.ts';
import { Approvals } from './approvals.ts';

/** Updates approvals with what the events of order and equipment say, a batch at a time. */
@Injectable()
export class UpdateApprovals {
  constructor(
    private readonly approvals: Approvals,
    private readonly clock: Clock,
  ) {}

  /** The orders were placed. */
  async confirm(orders: readonly Subject[]): Promise<void> {
    const now = this.clock.now();
    await this.update(
      orders,
      (approval, order) => approval.confirm(order, now),
      (order) => Approval.confirmed(order, now),
    );
  }

  /** The orders were cancelled. */
  async cancel(orders: readonly Subject[]): Promise<void> {
    const now = this.clock.now();
    await this.update(
      orders,
      (approval, order) => approval.cancel(order, now),
      (order) => Approval.cancelled(order, now),
    );
  }

  /** Equipment has too few units for the orders. */
  async reject(orders: readonly (Subject & { reason: string })[]): Promise<void> {
    const now = this.clock.now();
    await this.update(
      orders,
      (approval, order) => approval.reject(order, order.reason, now),
      (order) => Approval.rejected(order, order.reason, now),
    );
  }

  /**
   * Updates the approval of each order, or creates it. A status only moves forward and a confirmation
   * is never taken back, so the repetition ends.
   * @param orders may contain an order more than once, as redelivered events do
   */
  private async update<S extends Subject>(
    orders: readonly S[],
    change: (approval: Approval, order: S) => void,
    create: (order: S) => Approval,
  ): Promise<void> {
    const byId = new Map(orders.map((order) => [order.orderId, order]));
    await updateUntilSaved([...byId.keys()], {
      load: (ids) => this.approvals.ofOrders(ids),
      change: (id, approval) => {
        const order = byId.get(id) as S;
        if (approval === undefined) return create(order);
        change(approval, order);
        return approval;
      },
      save: (approvals) => this.approvals.save(approvals),
      idOf: ({ subject }) => subject.orderId,
    });
  }
}
