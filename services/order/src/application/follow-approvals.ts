import type { EventData } from '@equipmgnt/contracts';
import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { changeOrders } from './change-orders.ts';
import { Orders } from './orders.ts';

/** Updates orders with the events of approval, a batch at a time. */
@Injectable()
export class FollowApprovals {
  constructor(
    private readonly orders: Orders,
    private readonly clock: Clock,
  ) {}

  async obtained(approvals: readonly EventData<'equipmgnt.ApprovalObtained.v1'>[]): Promise<void> {
    const byOrder = new Map(approvals.map((approval) => [approval.orderId, approval]));
    await changeOrders(this.orders, [...byOrder.keys()], (order) => {
      const approval = byOrder.get(order.id);
      if (approval) order.approve(approval, this.clock.now());
    });
  }

  async rejected(approvals: readonly EventData<'equipmgnt.ApprovalRejected.v1'>[]): Promise<void> {
    const byOrder = new Map(approvals.map((approval) => [approval.orderId, approval]));
    await changeOrders(this.orders, [...byOrder.keys()], (order) => {
      const approval = byOrder.get(order.id);
      if (approval) order.reject(approval.approvalId, approval.reason, this.clock.now());
    });
  }
}
