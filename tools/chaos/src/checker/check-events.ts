import type { ApprovalRow, LedgerRow, OrderRow } from '../run-record.ts';
import { sameUnits, orphans, units, type IndexedRun } from './indexed-run.ts';
import { orderEvents, type OrderEventName } from './specification.ts';
import { nameOf, type Event } from './read-events.ts';

/** What the rows of an order imply for one of its events. */
interface Expectation {
  /** Whether it must have happened. */
  readonly happened: boolean;
  /** The state that implies this. */
  readonly because: string;
  /** The units that the event must report. */
  readonly about: { readonly equipmentId: number; readonly qty: number } | undefined;
}

/** Each row has the events that it implies, each event has its row, and both have the same data. */
export function* checkEvents(run: IndexedRun): Iterable<string> {
  const { orders, approvals, log } = run;
  for (const order of orders.values()) {
    const approval = approvals.get(order.id);
    const expectations = expected(order, approval, run.out.get(order.id), run.in.get(order.id));
    const events = log.ofOrders.get(order.id);
    for (const name of orderEvents) {
      yield* ofEvent(order.id, name, expectations[name], events?.get(name), approval);
    }
  }
  yield* orphans(log.ofOrders.keys(), run, 'the topics have events of');
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
  const reported = { equipmentId: event.data['equipmentId'], qty: event.data['qty'] };
  if (about && !sameUnits(reported, about)) {
    yield `${nameOf(event)} reports ${units(reported)} for order ${orderId}, expected ${units(about)}`;
  }
  const withApproval = /^Approval|^CancelRequested|^StockRejected/.test(name);
  if (withApproval && approval && event.data['approvalId'] !== approval.id) {
    yield (
      `${nameOf(event)} reports approval ${event.data['approvalId']} for order ${orderId}, ` +
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
    // equipment writes an OUT line for each ApprovalObtained that it consumes
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
