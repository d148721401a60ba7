import {
  DatabaseModule,
  ForgetIdempotencyKeys,
  IdempotencyKeys,
  SumRowCount,
} from '@equipmgnt/database';
import { MessagingModule } from '@equipmgnt/messaging';
import { Module, type DynamicModule } from '@nestjs/common';
import { Approvals } from './application/approvals.ts';
import { ApproveOrder } from './application/approve-order.ts';
import { UpdateApprovals } from './application/update-approvals.ts';
import type { ApprovalConfig } from './approval.config.ts';
import { approvalDatabase } from './approval.database.ts';
import { EquipmentConsumer } from './inbound/events/equipment.consumer.ts';
import { OrderConsumer } from './inbound/events/order.consumer.ts';
import { ApprovalsController } from './inbound/http/approvals.controller.ts';
import { SlowDown } from './inbound/http/slow-down.ts';
import { PostgresApprovals } from './outbound/postgres/postgres-approvals.ts';

@Module({})
export class ApprovalModule {
  static with(config: ApprovalConfig): DynamicModule {
    const slowDown = new SlowDown(config.APPROVAL_DELAY_MS, config.APPROVAL_DELAY_JITTER_MS);
    return {
      module: ApprovalModule,
      imports: [
        DatabaseModule.with(approvalDatabase(config)),
        MessagingModule.with({
          service: 'approval',
          config,
          publishes: true,
          ids: {
            table: 'approvals',
            types: [
              'equipmgnt.ApprovalObtained.v1',
              'equipmgnt.CancelRequested.v1',
              'equipmgnt.ApprovalRejected.v1',
            ],
            field: 'approvalId',
          },
        }),
      ],
      controllers: [ApprovalsController, OrderConsumer, EquipmentConsumer],
      providers: [
        { provide: Approvals, useClass: PostgresApprovals },
        { provide: SlowDown, useValue: slowDown },
        ApproveOrder,
        UpdateApprovals,
        IdempotencyKeys,
        ForgetIdempotencyKeys,
        SumRowCount,
      ],
    };
  }
}
