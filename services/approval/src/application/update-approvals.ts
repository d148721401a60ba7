import { Clock } from '@equipmgnt/kernel';
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
   * Updates the approval of each order, or creates it. Repeats this for the approvals that another
   * transaction changed in the meantime. This ends, because a status only moves forward and a
   * confirmation is never taken back.
   * @param orders may contain an order more than once, as redelivered events do
   */
  private async update<S extends Subject>(
    orders: readonly S[],
    change: (approval: Approval, order: S) => void,
    create: (order: S) => Approval,
  ): Promise<void> {
    let left = new Map(orders.map((order) => [order.orderId, order]));
    while (left.size > 0) {
      const existing = await this.approvals.ofOrders([...left.keys()]);
      const byOrder = new Map(existing.map((approval) => [approval.subject.orderId, approval]));
      const changed = [...left.values()]
        .map((order) => {
          const approval = byOrder.get(order.orderId);
          if (approval === undefined) return create(order);
          change(approval, order);
          return approval;
        })
        .filter((approval) => approval.changed);
      const saved = await this.approvals.save(changed);
      const overtaken = changed
        .map(({ subject }) => subject.orderId)
        .filter((orderId) => !saved.has(orderId));
      left = new Map([...left].filter(([orderId]) => overtaken.includes(orderId)));
    }
  }
}
