import type { Received } from '@equipmgnt/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { MoveStock } from '../../application/move-stock.ts';

/** The events of approval: hands units out for approved orders, takes back those of cancelled ones. */
@Controller()
export class ApprovalConsumer {
  constructor(private readonly moveStock: MoveStock) {}

  @EventPattern('equipmgnt.ApprovalObtained.v1')
  obtained(@Payload() events: readonly Received<'equipmgnt.ApprovalObtained.v1'>[]): Promise<void> {
    return this.moveStock.handOut(events.map(({ data }) => data));
  }

  @EventPattern('equipmgnt.CancelRequested.v1')
  cancelled(@Payload() events: readonly Received<'equipmgnt.CancelRequested.v1'>[]): Promise<void> {
    return this.moveStock.takeBack(events.map(({ data }) => data));
  }
}
