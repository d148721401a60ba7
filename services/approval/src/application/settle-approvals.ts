import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { Approval, type Subject } from '../domain/approval.ts';
import { Approvals } from './approvals.ts';

/** Ends approvals: their orders were cancelled, or equipment cannot hand the units out. */
@Injectable()
export class SettleApprovals {
  constructor(
    private readonly approvals: Approvals,
    private readonly clock: Clock,
  ) {}

  async cancel(orders: readonly Subject[]): Promise<void> {
    const now = this.clock.now();
    await this.settle(
      orders,
      (approval) => approval.cancel(now),
      ({ orderId, equipmentId, qty }) =>
        Approval.cancelledBeforehand({ orderId, equipmentId, qty }, now),
    );
  }

  async reject(orders: readonly (Subject & { reason: string })[]): Promise<void> {
    const now = this.clock.now();
    await this.settle(
      orders,
      (approval, { reason }) => approval.reject(reason, now),
      ({ orderId, equipmentId, qty, reason }) =>
        Approval.rejectedBeforehand({ orderId, equipmentId, qty }, reason, now),
    );
  }

  /** Settles each order's approval; once more from the start for those that changed meanwhile. */
  private async settle<S extends Subject>(
    subjects: readonly S[],
    change: (approval: Approval, subject: S) => void,
    missing: (subject: S) => Approval,
  ): Promise<void> {
    let left = new Map(subjects.map((subject) => [subject.orderId, subject]));
    while (left.size > 0) {
      const existing = await this.approvals.ofOrders([...left.keys()]);
      const known = new Map(existing.map((approval) => [approval.subject.orderId, approval]));
      const settled = [...left.values()].map((subject) => {
        const approval = known.get(subject.orderId);
        if (!approval) return missing(subject);
        change(approval, subject);
        return approval;
      });
      const changed = settled.filter((approval) => approval.changed);
      const saved = await this.approvals.save(changed);
      const overtaken = changed
        .map(({ subject }) => subject.orderId)
        .filter((id) => !saved.has(id));
      left = new Map([...left].filter(([orderId]) => overtaken.includes(orderId)));
    }
  }
}
