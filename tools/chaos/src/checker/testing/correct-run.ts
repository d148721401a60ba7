import type {
  ApprovalRow,
  Cancellation,
  LedgerRow,
  OrderAttempt,
  OrderRow,
  RunRecord,
  Sighting,
  StockSample,
  ViewRow,
} from '../../run-record.ts';
import { orderPaths, type OrderPlan } from './order-paths.ts';
import { Topics } from './topics.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A suite that works as documented, in memory. It records what a run of it leaves behind. */
class ReferenceSuite {
  private now = 0;
  private readonly registered: readonly number[];
  private readonly stocks: Map<number, number>;
  private readonly orders: Mutable<OrderRow>[] = [];
  private readonly approvals = new Map<number, Mutable<ApprovalRow>>();
  private readonly lent = new Map<number, LedgerRow>();
  private readonly returned = new Map<number, LedgerRow>();
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

  /** Accepts an order. @returns the steps of its path that follow */
  place(plan: OrderPlan, key: string): (() => void)[] {
    const { equipmentId, qty, unknown, path, poisoned } = plan;
    const sentAt = this.tick();
    const answers: OrderAttempt['answers'] = Array.from({ length: unknown }, () => ({
      kind: 'unknown',
      at: this.tick(),
      cause: 'timeout',
    }));
    const attempt = { key, equipmentId, qty, sentAt };
    if (path === 'refused') {
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
    this.publish(plan, 'order', 'Ordered', order.id, { equipmentId, qty });
    const acknowledged = {
      kind: 'acknowledged',
      at: this.tick(),
      orderId: order.id,
      status: order.status,
    } as const;
    this.attempts.push({ ...attempt, answers: [...answers, acknowledged] });
    if (poisoned) this.topics.poisonFor(order.id);
    return orderPaths[path].map((step) => () => {
      this[step](order, plan);
      const from = this.tick();
      this.sightings.push({ orderId: order.id, status: order.status, from, to: this.tick() });
      const stock = this.stocks.get(equipmentId) ?? 0;
      this.stockSamples.push({ equipmentId, stock, at: this.tick() });
    });
  }

  run(): RunRecord {
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
        ledger: [...this.lent.values(), ...this.returned.values()],
        views,
        rebuiltViews: views.map((view) => ({ ...view, timeline: [...view.timeline] })),
        messages: this.topics.messages,
        poison: this.topics.poison,
        deadLetters: this.topics.deadLetters,
        outbox: { order: 0, approval: 0, equipment: 0 },
      },
    };
  }

  private obtain(order: Mutable<OrderRow>, plan: OrderPlan): void {
    if (this.approvals.has(order.id)) return;
    this.request(order);
    this.confirm(order, plan);
  }

  /** An unconfirmed approval of one unit more than ordered publishes nothing. */
  private request({ id: orderId, equipmentId, qty }: OrderRow): void {
    const approval = { id: this.approvals.size + 1, orderId, equipmentId, status: 'APPROVED' };
    this.approvals.set(orderId, { ...approval, qty: qty + 1 });
  }

  private confirm(order: Mutable<OrderRow>, plan: OrderPlan): void {
    const approval = this.approvals.get(order.id) as Mutable<ApprovalRow>;
    approval.qty = order.qty;
    this.publishApproval(plan, 'ApprovalObtained', approval);
    order.approvalId = approval.id;
    order.status = 'APPROVED';
  }

  private decreaseStock({ id }: OrderRow, plan: OrderPlan): void {
    const approval = this.approvals.get(id);
    if (approval === undefined) return;
    const { equipmentId, qty } = approval;
    const stock = (this.stocks.get(equipmentId) ?? 0) - qty;
    const outcome = stock >= 0 ? 'TAKEN' : 'REFUSED';
    this.lent.set(id, { orderId: id, equipmentId, qty, direction: 'OUT', outcome });
    if (outcome === 'TAKEN') {
      this.stocks.set(equipmentId, stock);
      this.publish(plan, 'equipment', 'StockDecreased', id, { equipmentId, qty, stock });
    } else {
      const data = { approvalId: approval.id, equipmentId, qty, reason: 'OUT_OF_STOCK' };
      this.publish(plan, 'equipment', 'StockRejected', id, data);
    }
  }

  private rejectApproval({ id }: OrderRow, plan: OrderPlan): void {
    const approval = this.approvals.get(id);
    if (approval?.status !== 'APPROVED' || this.lent.get(id)?.outcome !== 'REFUSED') return;
    approval.status = 'REJECTED';
    this.publishApproval(plan, 'ApprovalRejected', approval);
  }

  private rejectOrder(order: Mutable<OrderRow>): void {
    if (this.approvals.get(order.id)?.status === 'REJECTED') order.status = 'REJECTED';
  }

  private cancel(order: Mutable<OrderRow>, plan: OrderPlan): void {
    const { id: orderId, equipmentId, qty } = order;
    const outcome = order.status === 'REJECTED' ? 'refused' : 'cancelled';
    this.cancellations.push({ orderId, sentAt: this.tick(), outcome });
    if (outcome === 'refused') return;
    order.status = 'CANCELLED';
    this.publish(plan, 'order', 'OrderCancelled', orderId, { equipmentId, qty });
  }

  private cancelApproval({ id, equipmentId, qty }: OrderRow, plan: OrderPlan): void {
    if (!this.hasEvent(id, 'OrderCancelled')) return;
    let approval = this.approvals.get(id);
    if (approval === undefined) {
      const ids = { id: this.approvals.size + 1, orderId: id };
      approval = { ...ids, equipmentId, qty, status: 'APPROVED' };
      this.approvals.set(id, approval);
    }
    if (approval.status !== 'APPROVED') return;
    approval.status = 'CANCELLED';
    this.publishApproval(plan, 'CancelRequested', approval);
  }

  private increaseStock({ id }: OrderRow, plan: OrderPlan): void {
    if (!this.hasEvent(id, 'CancelRequested')) return;
    const { equipmentId, qty } = this.approvals.get(id) as ApprovalRow;
    const taken = this.lent.get(id)?.outcome === 'TAKEN';
    const outcome = taken ? 'RETURNED' : 'VOID';
    this.returned.set(id, { orderId: id, equipmentId, qty, direction: 'IN', outcome });
    if (!taken) return;
    const stock = (this.stocks.get(equipmentId) ?? 0) + qty;
    this.stocks.set(equipmentId, stock);
    this.publish(plan, 'equipment', 'StockIncreased', id, { equipmentId, qty, stock });
  }

  private publishApproval(plan: OrderPlan, name: string, approval: ApprovalRow): void {
    const { id: approvalId, orderId, equipmentId, qty } = approval;
    this.publish(plan, 'approval', name, orderId, { approvalId, equipmentId, qty });
  }

  private publish(
    plan: OrderPlan,
    service: string,
    name: string,
    orderId: number,
    data: object,
  ): void {
    this.timelines.set(orderId, [...(this.timelines.get(orderId) ?? []), name]);
    this.topics.publish(service, name, orderId, { orderId, ...data }, plan.repeated ? 2 : 1);
  }

  private hasEvent(orderId: number, name: string): boolean {
    return this.timelines.get(orderId)?.includes(name) ?? false;
  }

  private tick(): number {
    return ++this.now;
  }
}

/**
 * A run in which everything works as documented.
 * @param stocks of equipment 1, 2 and so on
 * @param plans of the orders, in the order of their requests
 * @param picks which of the unfinished orders takes the next step; afterwards each order finishes
 */
export function correctRun(
  stocks: readonly number[],
  plans: readonly OrderPlan[],
  picks: readonly number[] = [],
): RunRecord {
  const suite = new ReferenceSuite(stocks);
  let unfinished = plans.map((plan, i) => suite.place(plan, `k-${i + 1}`));
  for (const pick of picks) {
    unfinished = unfinished.filter((steps) => steps.length > 0);
    unfinished[pick % unfinished.length]?.shift()?.();
  }
  for (const steps of unfinished) for (const step of steps) step();
  return suite.run();
}
