import { Clock } from '@equipmgnt/service';
import { Injectable } from '@nestjs/common';
import { Approval, type Subject } from '../domain/approval.ts';
import { Approvals, type Obtained } from './approvals.ts';

/** Approves orders, whether asked over HTTP or told by event; once each, whoever comes first. */
@Injectable()
export class ObtainApprovals {
  constructor(
    private readonly approvals: Approvals,
    private readonly clock: Clock,
  ) {}

  /** @param subjects may name an order more than once, as redelivered events do */
  async execute(subjects: readonly Subject[]): Promise<Obtained[]> {
    const now = this.clock.now();
    const byOrder = new Map(subjects.map((subject) => [subject.orderId, subject]));
    return this.approvals.obtain([...byOrder.values()].map((each) => Approval.obtain(each, now)));
  }
}
