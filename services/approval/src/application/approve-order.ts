import { Clock, fingerprintOf } from '@equipmgnt/kernel';
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

  /**
   * @param key the client's idempotency key, if it sent one
   * @throws DomainError unprocessable, when the key belongs to another request
   */
  execute(order: Subject, key?: string): Promise<FoundOrAdded> {
    const approval = Approval.unconfirmed(order, this.clock.now());
    const requestKey = key === undefined ? undefined : { key, fingerprint: fingerprintOf(order) };
    return this.approvals.findOrAdd(approval, requestKey);
  }
}
