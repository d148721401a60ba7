import type { Received } from '@equipmgnt/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ObtainApprovals } from '../../application/obtain-approvals.ts';
import { SettleApprovals } from '../../application/settle-approvals.ts';

/** What order tells. An order that could not ask for its approval is approved from here. */
@Controller()
export class OrderConsumer {
  constructor(
    private readonly obtaining: ObtainApprovals,
    private readonly settling: SettleApprovals,
  ) {}

  @EventPattern('equipmgnt.Ordered.v1')
  ordered(@Payload() events: readonly Received<'equipmgnt.Ordered.v1'>[]): Promise<void> {
    return this.obtaining.ofPlaced(events.map(({ data }) => data));
  }

  @EventPattern('equipmgnt.OrderCancelled.v1')
  cancelled(@Payload() events: readonly Received<'equipmgnt.OrderCancelled.v1'>[]): Promise<void> {
    return this.settling.cancel(events.map(({ data }) => data));
  }

  /** Order does not want this approval: it is for something else. Its units go back. */
  @EventPattern('equipmgnt.OrderRejected.v1')
  refused(@Payload() events: readonly Received<'equipmgnt.OrderRejected.v1'>[]): Promise<void> {
    return this.settling.cancel(events.map(({ data }) => data));
  }
}
