import type { Received } from '@equipmgnt/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { UpdateApprovals } from '../../application/update-approvals.ts';

/** Handles the events of equipment. */
@Controller()
export class EquipmentConsumer {
  constructor(private readonly updateApprovals: UpdateApprovals) {}

  @EventPattern('equipmgnt.StockRejected.v1')
  rejected(@Payload() events: readonly Received<'equipmgnt.StockRejected.v1'>[]): Promise<void> {
    return this.updateApprovals.reject(events.map(({ data }) => data));
  }
}
