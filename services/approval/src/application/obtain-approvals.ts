import { Clock } from '@equipmgnt/kernel';
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

  /**
   * Approves orders that have been placed. Anybody may obtain an approval for an order that is yet to
   * come, and equipment may reject it before there is an order to follow: then order hears of it again
   * now, or it could follow an old announcement of the approval alone.
   */
  async ofPlaced(orders: readonly Subject[]): Promise<void> {
    const obtained = await this.execute(orders);
    const rejected = obtained
      .map(({ approval }) => approval)
      .filter(({ status }) => status === 'REJECTED');
    for (const approval of rejected) approval.tellRejection();
    await this.approvals.tell(rejected);
  }
}
