import { DatabaseModule, postgresOptions } from '@equipmgnt/database';
import { MessagingModule, outboxMigrations } from '@equipmgnt/messaging';
import { Health, MetricsRegistry } from '@equipmgnt/runtime';
import { Module, type DynamicModule } from '@nestjs/common';
import { Approvals } from './application/approval-gateway.ts';
import { ChangeOrder } from './application/change-order.ts';
import { FollowApprovals } from './application/follow-approvals.ts';
import { ObtainApproval } from './application/obtain-approval.ts';
import { Orders } from './application/orders.ts';
import { PlaceOrder } from './application/place-order.ts';
import { RecheckWaiting } from './application/recheck-waiting.ts';
import { ApprovalConsumer } from './inbound/events/approval.consumer.ts';
import { OrdersController } from './inbound/http/orders.controller.ts';
import { IdempotencyKeySweep } from './inbound/jobs/forget-idempotency-keys.job.ts';
import { WaitingSweep } from './inbound/jobs/waiting.sweep.ts';
import { ORDER_CONFIG, type OrderConfig } from './order.config.ts';
import { HttpApprovals } from './outbound/http/http-approval-gateway.ts';
import { CreateOrders1700000000001 } from './outbound/postgres/migrations/1700000000001-create-orders.ts';
import { orderEntity } from './outbound/postgres/order.entity.ts';
import { PostgresOrders } from './outbound/postgres/postgres-orders.ts';

@Module({})
export class OrderModule {
  static with(config: OrderConfig): DynamicModule {
    return {
      module: OrderModule,
      imports: [
        DatabaseModule.with(
          postgresOptions('order', config, {
            entities: [orderEntity],
            migrations: [...outboxMigrations, CreateOrders1700000000001],
          }),
        ),
        MessagingModule.with({ service: 'order', config, publishes: true }),
      ],
      controllers: [OrdersController, ApprovalConsumer],
      providers: [
        { provide: ORDER_CONFIG, useValue: config },
        { provide: Orders, useClass: PostgresOrders },
        {
          provide: Approvals,
          inject: [Health, MetricsRegistry],
          useFactory: (health: Health, metrics: MetricsRegistry) =>
            new HttpApprovals(
              {
                url: config.APPROVAL_URL,
                timeoutMs: config.APPROVAL_TIMEOUT_MS,
                maxConcurrent: config.APPROVAL_MAX_CONCURRENT,
                errorThresholdPercent: config.BREAKER_ERROR_THRESHOLD_PERCENT,
                volumeThreshold: config.BREAKER_VOLUME_THRESHOLD,
                windowMs: config.BREAKER_WINDOW_MS,
                resetMs: config.BREAKER_RESET_MS,
              },
              health,
              metrics,
            ),
        },
        PlaceOrder,
        ChangeOrder,
        ObtainApproval,
        FollowApprovals,
        RecheckWaiting,
        WaitingSweep,
        IdempotencyKeySweep,
      ],
    };
  }
}
