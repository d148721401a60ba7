import {
  DatabaseModule,
  ForgetIdempotencyKeys,
  IdempotencyKeys,
  SumRowCount,
} from '@equipmgnt/database';
import { MessagingModule } from '@equipmgnt/messaging';
import { Health, MetricsRegistry } from '@equipmgnt/runtime';
import { Module, type DynamicModule } from '@nestjs/common';
import { ApprovalGateway } from './application/approval-gateway.ts';
import { ChangeOrder } from './application/change-order.ts';
import { FollowApprovals } from './application/follow-approvals.ts';
import { Orders } from './application/orders.ts';
import { PlaceOrder } from './application/place-order.ts';
import { RequestApproval } from './application/request-approval.ts';
import { ApprovalConsumer } from './inbound/events/approval.consumer.ts';
import { OrdersController } from './inbound/http/orders.controller.ts';
import type { OrderConfig } from './order.config.ts';
import { orderDatabase } from './order.database.ts';
import { HttpApprovalGateway } from './outbound/http/http-approval-gateway.ts';
import { PostgresOrders } from './outbound/postgres/postgres-orders.ts';

@Module({})
export class OrderModule {
  static with(config: OrderConfig): DynamicModule {
    return {
      module: OrderModule,
      imports: [
        DatabaseModule.with(orderDatabase(config)),
        MessagingModule.with({
          service: 'order',
          config,
          publishes: true,
          ids: { table: 'orders', types: ['equipmgnt.Ordered.v1'], field: 'orderId' },
        }),
      ],
      controllers: [OrdersController, ApprovalConsumer],
      providers: [
        { provide: Orders, useClass: PostgresOrders },
        {
          provide: ApprovalGateway,
          inject: [Health, MetricsRegistry],
          useFactory: (health: Health, metrics: MetricsRegistry) =>
            new HttpApprovalGateway(
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
        RequestApproval,
        FollowApprovals,
        IdempotencyKeys,
        ForgetIdempotencyKeys,
        SumRowCount,
      ],
    };
  }
}
