import type { ApprovalRow, LedgerRow, OrderRow } from '../record.ts';
import { sameUnits, strangers, units, type Books } from './invariants.ts';
import { orderEvents, type OrderEventName } from './catalogue.ts';
import { nameOf, type Event } from './event-log.ts';

/** What the rows of an order say of one of its events. */
interface Expectation {
  /** Whether it must have happened. */
  readonly happened: boolean;
  /** The state that says so. */
  readonly because: string;
  /** What it must tell. */
  readonly about: { readonly equipmentId: number; readonly qty: number } | undefined;
}

/** Every row is explained by its events, and every event by its row; both tell the same. */
export function* differencesOfEvents(books: Books): Iterable<string> {
  const { orders, approvals, log } = books;
  for (const order of orders.values()) {
    const approval = approvals.get(order.id);
    const expectations = expected(order, approval, books.out.get(order.id), books.in.get(order.id));
    const events = log.ofOrders.get(order.id);
    for (const name of orderEvents) {
      yield* ofEvent(order.id, name, expectations[name], events?.get(name), approval);
    }
  }
  yield* strangers(log.ofOrders.keys(), books, 'the topics tell of');
}

function* ofEvent(
  orderId: number,
  name: OrderEventName,
  { happened, because, about }: Expectation,
  event: Event | undefined,
  approval: ApprovalRow | undefined,
): Iterable<string> {
  if (event === undefined) {
    if (happened) yield `order ${orderId} ${because}, but there is no ${name} on the topics`;
    return;
  }
  if (!happened) {
    yield `order ${orderId} ${because}, but there is ${nameOf(event)}`;
    return;
  }
  const told = { equipmentId: event.data['equipmentId'], qty: event.data['qty'] };
  if (about && !sameUnits(told, about)) {
    yield `${nameOf(event)} tells of ${units(told)} for order ${orderId}, expected ${units(about)}`;
  }
  const withApproval = /^Approval|^CancelRequested|^StockRejected/.test(name);
  if (withApproval && approval && event.data['approvalId'] !== approval.id) {
    yield (
      `${nameOf(event)} tells of approval ${event.data['approvalId']} for order ${orderId}, ` +
      `expected ${approval.id}`
    );
  }
}

function expected(
  order: OrderRow,
  approval: ApprovalRow | undefined,
  out: LedgerRow | undefined,
  back: LedgerRow | undefined,
): Record<OrderEventName, Expectation> {
  const ofOrder = (happened: boolean): Expectation => ({
    happened,
    because: `is ${order.status}`,
    about: order,
  });
  const ofApproval = (happened: boolean): Expectation => ({
    happened,
    because: approval
      ? `has approval ${approval.id} that is ${approval.status}`
      : 'has no approval',
    about: approval,
  });
  const ofLine = (
    line: LedgerRow | undefined,
    direction: string,
    outcome: string,
  ): Expectation => ({
    happened: line?.outcome === outcome,
    because: `has ${line ? line.outcome : `no ${direction} line`} in the ledger`,
    about: line,
  });
  return {
    Ordered: { ...ofOrder(true), because: 'exists' },
    OrderCancelled: ofOrder(order.status === 'CANCELLED'),
    // equipment writes an OUT line for every approval that it hears of
    ApprovalObtained: {
      ...ofApproval(out !== undefined),
      because: out ? 'has an OUT line in the ledger' : 'has no OUT line in the ledger',
    },
    ApprovalRejected: ofApproval(approval?.status === 'REJECTED'),
    CancelRequested: ofApproval(approval?.status === 'CANCELLED'),
    StockDecreased: ofLine(out, 'OUT', 'TAKEN'),
    StockRejected: ofLine(out, 'OUT', 'REFUSED'),
    StockIncreased: ofLine(back, 'IN', 'RETURNED'),
  };
}
