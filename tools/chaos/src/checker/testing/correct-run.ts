import type { ApprovalRow, LedgerRow, OrderRow, RunRecord, Writable } from '../../run-record.ts';
import { orderPaths, type OrderPlan } from './order-paths.ts';
import { Topics } from './topics.ts';

/** An order with its plan. */
type Order = Writable<OrderRow> & { readonly plan: OrderPlan };

/** A suite that works as documented, in memory. It records what a run of it leaves behind. */
class ReferenceSuite {
  private now = 0;
  private readonly registered: readonly { readonly id: number; readonly stock: number }[];
  private readonly stocks: Map<number, number>;
  private readonly orders: Order[] = [];
  private readonly approvals = new Map<number, Writable<ApprovalRow>>();
  private readonly lent = new Map<number, LedgerRow>();
  private readonly returned = new Map<number, LedgerRow>();
  private readonly timelines = new Map<number, string[]>();
  private readonly topics = new Topics();
  private readonly history = {
    orders: [] as RunRecord['history']['orders'][number][],
    cancellations: [] as RunRecord['history']['cancellations'][number][],
    sightings: [] as RunRecord['history']['sightings'][number][],
    stockSamples: [] as RunRecord['history']['stockSamples'][number][],
  };

  constructor(stocks: readonly number[]) {
    this.registered = stocks.map((stock, i) => ({ id: i + 1, stock }));
    this.stocks = new Map(this.registered.map(({ id, stock }) => [id, stock]));
    for (const [id, stock] of this.stocks) {
      const data = { equipmentId: id, stock };
      this.topics.publish('equipment', 'EquipmentRegistered', id, data, 1);
    }
  }

  /** Accepts an order. @returns the steps of its path that follow */
  place(plan: OrderPlan, key: string): (() => void)[] {
    const { equipmentId, qty, path } = plan;
    const sentAt = this.tick();
    const answers: RunRecord['history']['orders'][number]['answers'][number][] = [];
    for (let i = 0; i < plan.unknown; i += 1) {
      answers.push({ kind: 'unknown', at: this.tick(), cause: 'timeout' });
    }
    this.history.orders.push({ key, equipmentId, qty, sentAt, answers });
    if (path === 'refused') {
      answers.push({ kind: 'refused', at: this.tick(), httpStatus: 400 });
      return [];
    }
    const orderId = this.orders.length + 1;
    const order: Order = {
      id: orderId,
      equipmentId,
      qty,
      status: 'ORDERED',
      approvalId: null,
      plan,
    };
    this.orders.push(order);
    this.publish(order, 'order', 'Ordered', { equipmentId, qty });
    answers.push({ kind: 'acknowledged', at: this.tick(), orderId, status: 'ORDERED' });
    if (plan.poisoned) this.topics.poisonFor(orderId);
    const steps = orderPaths[path].split(' ') as (keyof typeof this.steps)[];
    return steps.map((step) => () => {
      this.steps[step](order);
      const from = this.tick();
      this.history.sightings.push({ orderId, status: order.status, from, to: this.tick() });
      const stock = this.stocks.get(equipmentId) ?? 0;
      this.history.stockSamples.push({ equipmentId, stock, at: this.tick() });
    });
  }

  run(): RunRecord {
    const views = this.orders.map(({ id, equipmentId, qty, status }) => ({
      id,
      equipmentId,
      qty,
      status,
      approvalId: this.approvals.get(id)?.id,
      timeline: this.timelines.get(id) ?? [],
    }));
    const { messages, poison, deadLetters } = this.topics;
    return {
      history: { registered: this.registered, ...this.history },
      final: {
        messages,
        poison,
        deadLetters,
        views,
        orders: this.orders.map(({ id, equipmentId, qty, status, approvalId }) => {
          return { id, equipmentId, qty, status, approvalId };
        }),
        approvals: [...this.approvals.values()],
        equipments: [...this.stocks].map(([id, stock]) => ({ id, stock })),
        ledger: [...this.lent.values(), ...this.returned.values()],
        rebuiltViews: structuredClone(views),
        outbox: { order: 0, approval: 0, equipment: 0 },
      },
    };
  }

  private readonly steps = {
    obtain: (order: Order): void => {
      if (this.approvals.has(order.id)) return;
      this.steps.request(order);
      this.steps.confirm(order);
    },

    /** An unconfirmed approval of one unit more than ordered publishes nothing. */
    request: (order: Order): void => this.approve(order, order.qty + 1),

    confirm: (order: Order): void => {
      const approval = this.approvalOf(order);
      approval.qty = order.qty;
      order.approvalId = approval.id;
      this.publishApproval(order, 'ApprovalObtained');
      order.status = 'APPROVED';
    },

    decreaseStock: (order: Order): void => {
      const approval = this.approvals.get(order.id);
      if (approval === undefined) return;
      const { orderId, equipmentId, qty } = approval;
      const stock = (this.stocks.get(equipmentId) ?? 0) - qty;
      const outcome = stock >= 0 ? 'TAKEN' : 'REFUSED';
      this.lent.set(orderId, { orderId, equipmentId, qty, direction: 'OUT', outcome });
      if (outcome === 'TAKEN') this.move(order, 'StockDecreased', stock);
      else {
        const data = { approvalId: approval.id, equipmentId, qty, reason: 'OUT_OF_STOCK' };
        this.publish(order, 'equipment', 'StockRejected', data);
      }
    },

    rejectApproval: (order: Order): void => {
      const refused = this.lent.get(order.id)?.outcome === 'REFUSED';
      if (refused) this.endApproval(order, 'REJECTED', 'ApprovalRejected');
    },

    rejectOrder: (order: Order): void => {
      if (this.approvals.get(order.id)?.status === 'REJECTED') order.status = 'REJECTED';
    },

    cancel: (order: Order): void => {
      const { id: orderId, equipmentId, qty } = order;
      const outcome = order.status === 'REJECTED' ? 'refused' : 'cancelled';
      this.history.cancellations.push({ orderId, sentAt: this.tick(), outcome });
      if (outcome === 'refused') return;
      order.status = 'CANCELLED';
      this.publish(order, 'order', 'OrderCancelled', { equipmentId, qty });
    },

    cancelApproval: (order: Order): void => {
      if (!this.published(order, 'OrderCancelled')) return;
      if (!this.approvals.has(order.id)) this.approve(order, order.qty);
      this.endApproval(order, 'CANCELLED', 'CancelRequested');
    },

    increaseStock: (order: Order): void => {
      if (!this.published(order, 'CancelRequested')) return;
      const { orderId, equipmentId, qty } = this.approvalOf(order);
      const taken = this.lent.get(orderId)?.outcome === 'TAKEN';
      const outcome = taken ? 'RETURNED' : 'VOID';
      this.returned.set(orderId, { orderId, equipmentId, qty, direction: 'IN', outcome });
      const stock = (this.stocks.get(equipmentId) ?? 0) + qty;
      if (taken) this.move(order, 'StockIncreased', stock);
    },
  };

  private approve({ id: orderId, equipmentId }: Order, qty: number): void {
    const id = this.approvals.size + 1;
    this.approvals.set(orderId, { id, orderId, equipmentId, qty, status: 'APPROVED' });
  }

  private approvalOf({ id }: Order): Writable<ApprovalRow> {
    const approval = this.approvals.get(id);
    if (approval === undefined) throw new Error(`order ${id} has no approval yet`);
    return approval;
  }

  private endApproval(order: Order, status: string, event: string): void {
    const approval = this.approvalOf(order);
    if (approval.status !== 'APPROVED') return;
    approval.status = status;
    this.publishApproval(order, event);
  }

  private move(order: Order, event: string, stock: number): void {
    const { equipmentId, qty } = this.approvalOf(order);
    this.stocks.set(equipmentId, stock);
    this.publish(order, 'equipment', event, { equipmentId, qty, stock });
  }

  private publishApproval(order: Order, event: string): void {
    const { id: approvalId, equipmentId, qty } = this.approvalOf(order);
    this.publish(order, 'approval', event, { approvalId, equipmentId, qty });
  }

  private publish({ id, plan }: Order, service: string, event: string, data: object): void {
    this.timelines.set(id, [...(this.timelines.get(id) ?? []), event]);
    this.topics.publish(service, event, id, { orderId: id, ...data }, plan.repeated ? 2 : 1);
  }

  private published({ id }: Order, event: string): boolean {
    return this.timelines.get(id)?.includes(event) ?? false;
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
