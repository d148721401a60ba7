import { DomainError, Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import type { Order, OrderStatus } from '../domain/order.ts';
import { changeOrders } from './change-orders.ts';
import { Orders } from './orders.ts';

/** An employee asks for another status of an order: cancels it. */
@Injectable()
export class ChangeOrder {
  constructor(
    private readonly orders: Orders,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError missing, or conflict when the order cannot become that */
  async execute(id: number, wanted: OrderStatus): Promise<Order> {
    const [order] = await changeOrders(this.orders, [id], (found) =>
      found.changeTo(wanted, this.clock.now()),
    );
    if (order === undefined) throw noSuchOrder(id);
    return order;
  }
}

export const noSuchOrder = (id: number): DomainError =>
  new DomainError('missing', 'no-such-order', `There is no order ${id}.`);
