import type { OrderDetails } from '@equipmgnt/contracts';
import { findPage, IdempotencyKeys, runPrepared } from '@equipmgnt/database';
import { eventsParameter, OutboxRelay } from '@equipmgnt/messaging';
import { currentCorrelation } from '@equipmgnt/runtime';
import type { Page, PageRequest, RequestKey } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Orders, type Placement } from '../../application/orders.ts';
import type { NewOrder, Order } from '../../domain/order.ts';
import { orderColumns, orderEntity, toOrder, toRow, type OrderRow } from './order.rows.ts';
import * as sql from './statements.ts';

@Injectable()
export class PostgresOrders extends Orders {
  constructor(
    private readonly database: DataSource,
    private readonly relay: OutboxRelay,
    private readonly keys: IdempotencyKeys,
  ) {
    super();
  }

  async place(order: NewOrder, key?: RequestKey): Promise<Placement> {
    const { orderedAt, ...ordered } = order;
    const values = [
      JSON.stringify([{ ...ordered, orderedAt, status: 'ORDERED' }]),
      JSON.stringify(ordered satisfies OrderDetails),
      currentCorrelation().traceparent ?? null,
    ];
    const [row]: OrderRow[] = key
      ? await runPrepared(this.database, sql.PLACE_WITH_KEY, [...values, key.key, key.fingerprint])
      : await runPrepared(this.database, sql.PLACE, values);
    if (row) {
      this.relay.nudge();
      return { order: toOrder(row) };
    }
    const known = key && (await this.findPlacement(key));
    return known ?? this.place(order, key); // the key was deleted in the meantime
  }

  async find(ids: readonly number[]): Promise<Order[]> {
    const rows: OrderRow[] = await runPrepared(this.database, sql.FIND, [ids]);
    return rows.map(toOrder);
  }

  async save(orders: readonly Order[]): Promise<ReadonlySet<number>> {
    if (orders.length === 0) return new Set();
    const facts = orders.flatMap((order) => order.facts);
    const rows: { id: number }[] = await runPrepared(this.database, sql.SAVE, [
      JSON.stringify(
        orders.map((order) => ({ ...toRow(order), loadedStatus: order.loadedStatus })),
      ),
      eventsParameter(facts),
    ]);
    if (facts.length > 0) this.relay.nudge();
    return new Set(rows.map(({ id }) => id));
  }

  page(wanted: PageRequest): Promise<Page<Order>> {
    return findPage(this.database.getRepository(orderEntity), wanted, toOrder);
  }

  async keepAnswer(key: string, answer: Order): Promise<Order> {
    const [kept]: { answer: object }[] = await runPrepared(this.database, sql.KEEP_ANSWER, [
      key,
      JSON.stringify(toRow(answer)),
    ]);
    return kept ? toOrder(orderColumns.fromJson(kept.answer)) : answer;
  }

  private async findPlacement(key: RequestKey): Promise<Placement | undefined> {
    const found = await this.keys.find<KeyRow>(key, 'order_id AS "orderId", answer');
    if (!found) return undefined;
    const [order] = await this.find([found.orderId]);
    if (!order) throw new Error(`the order ${found.orderId} of an idempotency key does not exist`);
    const answer = found.answer && toOrder(orderColumns.fromJson(found.answer));
    return { order, ...(answer && { answer }) };
  }
}

interface KeyRow {
  readonly orderId: number;
  readonly answer: object | null;
}
