import { topics } from '@equipmgnt/contracts';
import {
  DatabaseModule,
  ForgetIdempotencyKeys,
  IdempotencyKeys,
  postgresOptions,
} from '@equipmgnt/database';
import { MessagingModule, outboxMigrations } from '@equipmgnt/messaging';
import { Module, type DynamicModule } from '@nestjs/common';
import { Approvals } from './application/approvals.ts';
import { ApproveOrder } from './application/approve-order.ts';
import { UpdateApprovals } from './application/update-approvals.ts';
import type { ApprovalConfig } from './approval.config.ts';
import { EquipmentConsumer } from './inbound/events/equipment.consumer.ts';
import { OrderConsumer } from './inbound/events/order.consumer.ts';
import { ApprovalsController } from './inbound/http/approvals.controller.ts';
import { SlowDown } from './inbound/http/slow-down.ts';
import { approvalEntity } from './outbound/postgres/approval.rows.ts';
import { migrations } from './outbound/postgres/migrations/index.ts';
import { PostgresApprovals } from './outbound/postgres/postgres-approvals.ts';

@Module({})
export class ApprovalModule {
  static with(config: ApprovalConfig): DynamicModule {
    const slowDown = new SlowDown(config.APPROVAL_DELAY_MS, config.APPROVAL_DELAY_JITTER_MS);
    return {
      module: ApprovalModule,
      imports: [
        DatabaseModule.with(
          postgresOptions('approval', config, {
            entities: [approvalEntity],
            migrations: [...outboxMigrations(topics.approval), ...migrations],
          }),
        ),
        MessagingModule.with({ service: 'approval', config, publishes: true }),
      ],
      controllers: [ApprovalsController, OrderConsumer, EquipmentConsumer],
      providers: [
        { provide: Approvals, useClass: PostgresApprovals },
        { provide: SlowDown, useValue: slowDown },
        ApproveOrder,
        UpdateApprovals,
        IdempotencyKeys,
        ForgetIdempotencyKeys,
      ],
    };
  }
}
