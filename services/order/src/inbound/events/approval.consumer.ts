import type { Received } from '@equipmgnt/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { FollowApprovals } from '../../application/follow-approvals.ts';

/** What approval tells; handled many at a time, in one transaction each. */
@Controller()
export class ApprovalConsumer {
  constructor(private readonly follow: FollowApprovals) {}

  @EventPattern('equipmgnt.ApprovalObtained.v1')
  obtained(@Payload() events: readonly Received<'equipmgnt.ApprovalObtained.v1'>[]): Promise<void> {
    return this.follow.obtained(events.map(({ data }) => data));
  }

  @EventPattern('equipmgnt.ApprovalRejected.v1')
  rejected(@Payload() events: readonly Received<'equipmgnt.ApprovalRejected.v1'>[]): Promise<void> {
    return this.follow.rejected(events.map(({ data }) => data));
  }
}
