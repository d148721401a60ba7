import { findPage, runPrepared } from '@equipmgnt/database';
import { eventsParameter, OutboxRelay } from '@equipmgnt/messaging';
import { currentCorrelation } from '@equipmgnt/runtime';
import type { Page, PageRequest } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Orders, type Placement, type PlacementKey } from '../../application/orders.ts';
import type { NewOrder, Order } from '../../domain/order.ts';
import { orderColumns, orderEntity, toOrder, toRow, type OrderRow } from './order.rows.ts';
import * as sql from './statements.ts';

/** What {@link sql.FIND_KEY} returns. */
interface KnownKey {
  readonly fingerprint: string;
  readonly answer: object | null;
  readonly orderId: number;
}

@Injectable()
export class PostgresOrders extends Orders {
  constructor(
    private readonly database: DataSource,
    private readonly relay: OutboxRelay,
  ) {
    super();
  }

  async place(order: NewOrder, key?: PlacementKey): Promise<Placement> {
    const { traceparent } = currentCorrelation();
    const input = JSON.stringify([{ ...order, status: 'ORDERED' }]);
    const values = [input, traceparent ?? null];
    const [row]: OrderRow[] = key
      ? await runPrepared(this.database, sql.PLACE_WITH_KEY, [...values, key.key, key.fingerprint])
      : await runPrepared(this.database, sql.PLACE, values);
    if (row) {
      this.relay.nudge();
      return { kind: 'placed', order: toOrder(row) };
    }
    const known = key && (await this.findKey(key.key));
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

  async forgetKeys(before: Date, limit: number): Promise<number> {
    const values = [before, limit];
    const [deleted] = await runPrepared<{ count: number }>(this.database, sql.FORGET_KEYS, values);
    return deleted?.count ?? 0;
  }

  private async findKey(key: string): Promise<Placement | undefined> {
    const [found] = await runPrepared<KnownKey>(this.database, sql.FIND_KEY, [key]);
    if (!found) return undefined;
    const [order] = await this.find([found.orderId]);
    if (!order) throw new Error(`the order ${found.orderId} of an idempotency key does not exist`);
    const { fingerprint } = found;
    const answer = found.answer && toOrder(orderColumns.fromJson(found.answer));
    return { kind: 'known', order, fingerprint, ...(answer && { answer }) };
  }
}
