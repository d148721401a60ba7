import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import type { Order } from '../domain/order.ts';
import { Approvals } from './approval-gateway.ts';
import { Orders } from './orders.ts';

/** Asks approval for a waiting order and has the order follow the answer. */
@Injectable()
export class ObtainApproval {
  constructor(
    private readonly orders: Orders,
    private readonly approvals: Approvals,
    private readonly clock: Clock,
  ) {}

  /** @returns the order as it stands afterwards: still ORDERED when approval did not answer */
  async execute(order: Order): Promise<Order> {
    const answer = await this.approvals.request(order);
    if (answer === undefined) return order;
    const { id: approvalId, equipmentId, qty, status } = answer;
    const now = this.clock.now();
    if (status === 'APPROVED') order.approve({ approvalId, equipmentId, qty }, now);
    if (status === 'REJECTED') order.reject(approvalId, answer.reason ?? 'REJECTED', now);
    // A CANCELLED approval means that the order was cancelled meanwhile, here.
    const saved = order.changed && (await this.orders.save([order])).has(order.id);
    if (saved) return order;
    const [current] = await this.orders.find([order.id]);
    return current ?? order;
  }
}
