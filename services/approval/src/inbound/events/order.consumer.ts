import type { Received } from '@equipmgnt/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { UpdateApprovals } from '../../application/update-approvals.ts';

/** Handles the events of order. Only these make an approval effective. */
@Controller()
export class OrderConsumer {
  constructor(private readonly updateApprovals: UpdateApprovals) {}

  @EventPattern('equipmgnt.Ordered.v1')
  ordered(@Payload() events: readonly Received<'equipmgnt.Ordered.v1'>[]): Promise<void> {
    return this.updateApprovals.confirm(events.map(({ data }) => data));
  }

  @EventPattern('equipmgnt.OrderCancelled.v1')
  cancelled(@Payload() events: readonly Received<'equipmgnt.OrderCancelled.v1'>[]): Promise<void> {
    return this.updateApprovals.cancel(events.map(({ data }) => data));
  }
}
