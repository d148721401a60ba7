import type {
  ApprovalRow,
  Cancellation,
  LedgerRow,
  OrderAttempt,
  OrderRow,
  Run,
  Sighting,
  StockSample,
  ViewRow,
} from '../../record.ts';
import { courses, type Wish } from './courses.ts';
import { Topics } from './topics.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What the suite leaves behind that works as documented, written down step by step. */
class Shop {
  private now = 0;
  private readonly registered: readonly number[];
  private readonly stocks: Map<number, number>;
  private readonly orders: Mutable<OrderRow>[] = [];
  private readonly approvals = new Map<number, Mutable<ApprovalRow>>();
  private readonly handedOut = new Map<number, LedgerRow>();
  private readonly takenBack = new Map<number, LedgerRow>();
  private readonly timelines = new Map<number, string[]>();
  private readonly topics = new Topics();
  private readonly attempts: OrderAttempt[] = [];
  private readonly cancellations: Cancellation[] = [];
  private readonly sightings: Sighting[] = [];
  private readonly stockSamples: StockSample[] = [];

  constructor(registered: readonly number[]) {
    this.registered = registered;
    this.stocks = new Map(registered.map((stock, i) => [i + 1, stock]));
    for (const [equipmentId, stock] of this.stocks) {
      this.topics.publish(
        'equipment',
        'EquipmentRegistered',
        equipmentId,
        { equipmentId, stock },
        1,
      );
    }
  }

  /** An order comes in; what follows are the steps of its course. */
  place(wish: Wish, key: string): (() => void)[] {
    const { equipmentId, qty, unknown, course, poisoned } = wish;
    const sentAt = this.tick();
    const answers: OrderAttempt['answers'] = Array.from({ length: unknown }, () => ({
      kind: 'unknown',
      at: this.tick(),
      cause: 'timeout',
    }));
    const attempt = { key, equipmentId, qty, sentAt };
    if (course === 'refused') {
      const refusal = { kind: 'refused', at: this.tick(), httpStatus: 400 } as const;
      this.attempts.push({ ...attempt, answers: [...answers, refusal] });
      return [];
    }
    const order = {
      id: this.orders.length + 1,
      equipmentId,
      qty,
      status: 'ORDERED',
      approvalId: null,
    };
    this.orders.push(order);
    this.tell(wish, 'order', 'Ordered', order.id, { equipmentId, qty });
    const acknowledged = {
      kind: 'acknowledged',
      at: this.tick(),
      orderId: order.id,
      status: order.status,
    } as const;
    this.attempts.push({ ...attempt, answers: [...answers, acknowledged] });
    if (poisoned) this.topics.spoil(order.id);
    return courses[course].map((step) => () => {
      this[step](order, wish);
      const from = this.tick();
      this.sightings.push({ orderId: order.id, status: order.status, from, to: this.tick() });
      const stock = this.stocks.get(equipmentId) ?? 0;
      this.stockSamples.push({ equipmentId, stock, at: this.tick() });
    });
  }

  run(): Run {
    const views = this.orders.map(({ id, equipmentId, qty, status }): ViewRow => ({
      id,
      equipmentId,
      qty,
      status,
      approvalId: this.approvals.get(id)?.id,
      timeline: this.timelines.get(id) ?? [],
    }));
    return {
      history: {
        registered: this.registered.map((stock, i) => ({ id: i + 1, stock })),
        orders: this.attempts,
        cancellations: this.cancellations,
        sightings: this.sightings,
        stockSamples: this.stockSamples,
      },
      final: {
        orders: this.orders,
        approvals: [...this.approvals.values()],
        equipments: [...this.stocks].map(([id, stock]) => ({ id, stock })),
        ledger: [...this.handedOut.values(), ...this.takenBack.values()],
        views,
        rebuiltViews: views.map((view) => ({ ...view, timeline: [...view.timeline] })),
        messages: this.topics.messages,
        poison: this.topics.poison,
        deadLetters: this.topics.deadLetters,
        outbox: { order: 0, approval: 0, equipment: 0 },
      },
    };
  }

  private obtain(order: Mutable<OrderRow>, wish: Wish): void {
    if (this.approvals.has(order.id)) return;
    this.request(order);
    this.confirm(order, wish);
  }

  /** An unconfirmed approval of one unit more than ordered publishes nothing. */
  private request({ id: orderId, equipmentId, qty }: OrderRow): void {
    const approval = { id: this.approvals.size + 1, orderId, equipmentId, status: 'APPROVED' };
    this.approvals.set(orderId, { ...approval, qty: qty + 1 });
  }

  private confirm(order: Mutable<OrderRow>, wish: Wish): void {
    const approval = this.approvals.get(order.id) as Mutable<ApprovalRow>;
    approval.qty = order.qty;
    this.tellApproval(wish, 'ApprovalObtained', approval);
    order.approvalId = approval.id;
    order.status = 'APPROVED';
  }

  private handOut({ id }: OrderRow, wish: Wish): void {
    const approval = this.approvals.get(id);
    if (approval === undefined) return;
    const { equipmentId, qty } = approval;
    const stock = (this.stocks.get(equipmentId) ?? 0) - qty;
    const outcome = stock >= 0 ? 'TAKEN' : 'REFUSED';
    this.handedOut.set(id, { orderId: id, equipmentId, qty, direction: 'OUT', outcome });
    if (outcome === 'TAKEN') {
      this.stocks.set(equipmentId, stock);
      this.tell(wish, 'equipment', 'StockDecreased', id, { equipmentId, qty, stock });
    } else {
      const data = { approvalId: approval.id, equipmentId, qty, reason: 'OUT_OF_STOCK' };
      this.tell(wish, 'equipment', 'StockRejected', id, data);
    }
  }

  private rejectApproval({ id }: OrderRow, wish: Wish): void {
    const approval = this.approvals.get(id);
    if (approval?.status !== 'APPROVED' || this.handedOut.get(id)?.outcome !== 'REFUSED') return;
    approval.status = 'REJECTED';
    this.tellApproval(wish, 'ApprovalRejected', approval);
  }

  private rejectOrder(order: Mutable<OrderRow>): void {
    if (this.approvals.get(order.id)?.status === 'REJECTED') order.status = 'REJECTED';
  }

  private cancel(order: Mutable<OrderRow>, wish: Wish): void {
    const { id: orderId, equipmentId, qty } = order;
    const outcome = order.status === 'REJECTED' ? 'refused' : 'cancelled';
    this.cancellations.push({ orderId, sentAt: this.tick(), outcome });
    if (outcome === 'refused') return;
    order.status = 'CANCELLED';
    this.tell(wish, 'order', 'OrderCancelled', orderId, { equipmentId, qty });
  }

  private cancelApproval({ id, equipmentId, qty }: OrderRow, wish: Wish): void {
    if (!this.told(id, 'OrderCancelled')) return;
    let approval = this.approvals.get(id);
    if (approval === undefined) {
      const ids = { id: this.approvals.size + 1, orderId: id };
      approval = { ...ids, equipmentId, qty, status: 'APPROVED' };
      this.approvals.set(id, approval);
    }
    if (approval.status !== 'APPROVED') return;
    approval.status = 'CANCELLED';
    this.tellApproval(wish, 'CancelRequested', approval);
  }

  private takeBack({ id }: OrderRow, wish: Wish): void {
    if (!this.told(id, 'CancelRequested')) return;
    const { equipmentId, qty } = this.approvals.get(id) as ApprovalRow;
    const taken = this.handedOut.get(id)?.outcome === 'TAKEN';
    const outcome = taken ? 'RETURNED' : 'VOID';
    this.takenBack.set(id, { orderId: id, equipmentId, qty, direction: 'IN', outcome });
    if (!taken) return;
    const stock = (this.stocks.get(equipmentId) ?? 0) + qty;
    this.stocks.set(equipmentId, stock);
    this.tell(wish, 'equipment', 'StockIncreased', id, { equipmentId, qty, stock });
  }

  private tellApproval(wish: Wish, name: string, approval: ApprovalRow): void {
    const { id: approvalId, orderId, equipmentId, qty } = approval;
    this.tell(wish, 'approval', name, orderId, { approvalId, equipmentId, qty });
  }

  private tell(wish: Wish, service: string, name: string, orderId: number, data: object): void {
    this.timelines.set(orderId, [...(this.timelines.get(orderId) ?? []), name]);
    this.topics.publish(service, name, orderId, { orderId, ...data }, wish.repeated ? 2 : 1);
  }

  private told(orderId: number, name: string): boolean {
    return this.timelines.get(orderId)?.includes(name) ?? false;
  }

  private tick(): number {
    return ++this.now;
  }
}

/**
 * A run in which everything went as documented.
 * @param stocks of equipment 1, 2 and so on
 * @param wishes in the order in which they come in
 * @param picks whose turn it is next, of those under way; when they are used up, each ends its course
 */
export function correctRun(
  stocks: readonly number[],
  wishes: readonly Wish[],
  picks: readonly number[] = [],
): Run {
  const shop = new Shop(stocks);
  let underWay = wishes.map((wish, i) => shop.place(wish, `k-${i + 1}`));
  for (const pick of picks) {
    underWay = underWay.filter((steps) => steps.length > 0);
    underWay[pick % underWay.length]?.shift()?.();
  }
  for (const steps of underWay) for (const step of steps) step();
  return shop.run();
}
