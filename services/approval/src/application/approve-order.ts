import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { Approval, type Subject } from '../domain/approval.ts';
import { Approvals, type FoundOrAdded } from './approvals.ts';

/**
 * Answers a call to approve an order. Any client can make this call, for any order id. So a new
 * approval is unconfirmed and publishes nothing until the order's own event arrives.
 */
@Injectable()
export class ApproveOrder {
  constructor(
    private readonly approvals: Approvals,
    private readonly clock: Clock,
  ) {}

  execute(order: Subject): Promise<FoundOrAdded> {
    return this.approvals.findOrAdd(Approval.unconfirmed(order, this.clock.now()));
  }
}
