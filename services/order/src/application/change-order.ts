import { Clock, existing } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import type { Order, OrderStatus } from '../domain/order.ts';
import { changeOrders } from './change-orders.ts';
import { Orders } from './orders.ts';

/** An employee requests another status of an order, in order to cancel it. */
@Injectable()
export class ChangeOrder {
  constructor(
    private readonly orders: Orders,
    private readonly clock: Clock,
  ) {}

  /**
   * @param requesterId only an order of this requester
   * @throws DomainError missing, or conflict when the order cannot get that status
   */
  async execute(id: number, status: OrderStatus, requesterId?: string): Promise<Order> {
    const [order] = await changeOrders(this.orders, [id], (found) => {
      const own = existing(found.isOf(requesterId) ? found : undefined, 'order', id);
      own.changeTo(status, this.clock.now());
    });
    return existing(order, 'order', id);
  }
}
