import type { OrderDetails } from '@equipmgnt/contracts';
import { Batcher, findPage, IdempotencyKeys, runPrepared } from '@equipmgnt/database';
import { eventsParameter, OutboxRelay } from '@equipmgnt/messaging';
import { currentCorrelation } from '@equipmgnt/runtime';
import type { Page, PageRequest, RequestKey } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource, Raw } from 'typeorm';
import { Orders, type Placement } from '../../application/orders.ts';
import { Order, type NewOrder } from '../../domain/order.ts';
import { orderColumns, orderEntity, toOrder, toRow, type OrderRow } from './order.rows.ts';
import * as sql from './statements.ts';

/** A new order, and the trace of the request that places it. */
interface NewPlacement {
  readonly order: NewOrder;
  readonly traceparent: string | undefined;
}

@Injectable()
export class PostgresOrders extends Orders {
  private readonly placements = new Batcher((orders: readonly NewPlacement[]) =>
    this.placeAll(orders),
  );
  private readonly approvals = new Batcher((orders: readonly Order[]) => this.saveEach(orders));

  constructor(
    private readonly database: DataSource,
    private readonly relay: OutboxRelay,
    private readonly keys: IdempotencyKeys,
  ) {
    super();
  }

  async place(order: NewOrder, key?: RequestKey): Promise<Placement> {
    const { traceparent } = currentCorrelation();
    const id = await (key
      ? this.placeWithKey({ order, traceparent }, key)
      : this.placements.run({ order, traceparent }));
    if (id !== undefined) {
      this.relay.nudge();
      return { order: new Order({ id, details: order, state: { status: 'ORDERED' } }) };
    }
    const known = key && (await this.findPlacement(key));
    return known ?? this.place(order, key); // the key was deleted in the meantime
  }

  async find(ids: readonly number[]): Promise<Order[]> {
    const rows: OrderRow[] = await runPrepared(this.database, sql.FIND, [ids]);
    return rows.map(toOrder);
  }

  async save(orders: readonly Order[]): Promise<ReadonlySet<number>> {
    const [order] = orders;
    if (order === undefined) return new Set();
    // an approval that a request has obtained
    if (orders.length === 1 && order.facts.length === 0) {
      return new Set((await this.approvals.run(order)) ? [order.id] : []);
    }
    return this.saveAll(orders);
  }

  page(wanted: PageRequest, requesterId?: string): Promise<Page<Order>> {
    const id = requesterId;
    const ofRequester = Raw((column) => `${column} IS NOT NULL AND ${column} ->> 'id' = :id`, {
      id,
    });
    const where = id === undefined ? undefined : { requester: ofRequester };
    return findPage(this.database.getRepository(orderEntity), wanted, toOrder, where);
  }

  async keepAnswer(key: string, answer: Order): Promise<Order> {
    const [kept]: { answer: object }[] = await runPrepared(this.database, sql.KEEP_ANSWER, [
      key,
      JSON.stringify(toRow(answer)),
    ]);
    return kept ? toOrder(orderColumns.fromJson(kept.answer)) : answer;
  }

  private async placeAll(placements: readonly NewPlacement[]): Promise<number[]> {
    const rows = await runPrepared<{ id: number }>(this.database, sql.PLACE, [toJson(placements)]);
    return rows.map(({ id }) => id);
  }

  private async placeWithKey(
    placement: NewPlacement,
    { key, fingerprint }: RequestKey,
  ): Promise<number | undefined> {
    const values = [toJson([placement]), key, fingerprint];
    const [row] = await runPrepared<{ id: number }>(this.database, sql.PLACE_WITH_KEY, values);
    return row?.id;
  }

  /** Of several changes of one order, only the first one can be saved. */
  private async saveEach(orders: readonly Order[]): Promise<boolean[]> {
    const byId = new Map(orders.toReversed().map((order) => [order.id, order]));
    const saved = await this.saveAll([...byId.values()]);
    return orders.map((order) => byId.get(order.id) === order && saved.has(order.id));
  }

  /** Locks in the order of the ids, so that two batches do not deadlock. */
  private async saveAll(orders: readonly Order[]): Promise<ReadonlySet<number>> {
    const sorted = orders.toSorted((a, b) => a.id - b.id);
    const facts = orders.flatMap((order) => order.facts);
    const rows = await runPrepared<{ id: number }>(this.database, sql.SAVE, [
      JSON.stringify(
        sorted.map((order) => ({ ...toRow(order), loadedStatus: order.loadedStatus })),
      ),
      eventsParameter(facts),
    ]);
    if (facts.length > 0) this.relay.nudge();
    return new Set(rows.map(({ id }) => id));
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

/** The parameter of the statements that place orders. */
const toJson = (placements: readonly NewPlacement[]): string =>
  JSON.stringify(
    placements.map(({ order: { orderedAt, ...event }, traceparent }, seq) => ({
      seq,
      ...event,
      orderedAt,
      status: 'ORDERED',
      event: event satisfies OrderDetails,
      traceparent,
    })),
  );
