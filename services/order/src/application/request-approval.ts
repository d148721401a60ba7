import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import type { Order } from '../domain/order.ts';
import { ApprovalGateway } from './approval-gateway.ts';
import { Orders } from './orders.ts';

/** Requests the approval of a waiting order and applies the answer to it. */
@Injectable()
export class RequestApproval {
  constructor(
    private readonly orders: Orders,
    private readonly approvals: ApprovalGateway,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the order after the answer. It is still ORDERED without an answer, and with one for other
   * equipment or another quantity: any client can obtain that before the order exists.
   */
  async execute(order: Order): Promise<Order> {
    const answer = await this.approvals.request(order);
    if (answer === undefined || !order.isFor(answer)) return order;
    const { id: approvalId, equipmentId, qty, status } = answer;
    const now = this.clock.now();
    if (status === 'APPROVED') order.approve({ approvalId, equipmentId, qty }, now);
    if (status === 'REJECTED') order.reject(approvalId, answer.reason ?? 'REJECTED', now);
    // A CANCELLED approval means that this order has been cancelled in the meantime. With a status of a
    // later version of approval the order waits for the event.
    const saved = order.changed && (await this.orders.save([order])).has(order.id);
    if (saved) return order;
    const [current] = await this.orders.find([order.id]);
    return current ?? order;
  }
}
