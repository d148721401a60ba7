import type { Received } from '@equipmgnt/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { FollowApprovals } from '../../application/follow-approvals.ts';

/** Handles the events of approval; each batch in one transaction. */
@Controller()
export class ApprovalConsumer {
  constructor(private readonly followApprovals: FollowApprovals) {}

  @EventPattern('equipmgnt.ApprovalObtained.v1')
  obtained(@Payload() events: readonly Received<'equipmgnt.ApprovalObtained.v1'>[]): Promise<void> {
    return this.followApprovals.obtained(events.map(({ data }) => data));
  }

  @EventPattern('equipmgnt.ApprovalRejected.v1')
  rejected(@Payload() events: readonly Received<'equipmgnt.ApprovalRejected.v1'>[]): Promise<void> {
    return this.followApprovals.rejected(events.map(({ data }) => data));
  }
}
