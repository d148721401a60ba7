import type { Received } from '@equipmgnt/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { SettleApprovals } from '../../application/settle-approvals.ts';

/** What equipment tells. */
@Controller()
export class EquipmentConsumer {
  constructor(private readonly settling: SettleApprovals) {}

  @EventPattern('equipmgnt.StockRejected.v1')
  rejected(@Payload() events: readonly Received<'equipmgnt.StockRejected.v1'>[]): Promise<void> {
    return this.settling.reject(events.map(({ data }) => data));
  }
}
