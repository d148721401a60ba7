import type { ApprovalRow, LedgerRow, OrderRow } from '../run-record.ts';
import { sameUnits, orphans, units, type IndexedRun } from './indexed-run.ts';
import { nameOf, type Event } from './read-events.ts';
import { orderEvents, type OrderEventName } from './specification.ts';

/** What the rows of an order imply for one of its events. */
type Expectation = readonly [
  /** Whether it must have happened. */
  happened: boolean,
  /** The state that implies this. */
  because: string,
  /** The units that the event must report. */
  about: { readonly equipmentId: number; readonly qty: number } | undefined,
];

/** Each row has the events that it implies, each event has its row, and both have the same data. */
export function* checkEvents(run: IndexedRun): Iterable<string> {
  const { orders, approvals, log } = run;
  for (const order of orders.values()) {
    const approval = approvals.get(order.id);
    const expectations = expected(order, approval, run.out.get(order.id), run.in.get(order.id));
    const events = log.ofOrders.get(order.id);
    for (const name of orderEvents) {
      const [happened, because, about] = expectations[name];
      const event = events?.get(name);
      const subject = `order ${order.id} ${because}, but there is`;
      if (event && happened) yield* ofEvent(order.id, event, about, approval);
      else if (event) yield `${subject} ${nameOf(event)}`;
      else if (happened) yield `${subject} no ${name} on the topics`;
    }
  }
  yield* orphans(log.ofOrders.keys(), run, 'the topics have events of');
}

function* ofEvent(
  orderId: number,
  event: Event,
  about: Expectation[2],
  approval: ApprovalRow | undefined,
): Iterable<string> {
  const { equipmentId, qty, approvalId } = event.data;
  if (about && !sameUnits({ equipmentId, qty }, about)) {
    yield (
      `${nameOf(event)} reports ${units({ equipmentId, qty })} for order ${orderId}, ` +
      `expected ${units(about)}`
    );
  }
  const withApproval = /^Approval|^CancelRequested|^StockRejected/.test(event.name);
  if (withApproval && approval && approvalId !== approval.id) {
    yield (
      `${nameOf(event)} reports approval ${approvalId} for order ${orderId}, ` +
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
  const approved = approval
    ? `has approval ${approval.id} that is ${approval.status}`
    : 'has no approval';
  const taken = `has ${out?.outcome ?? 'no OUT line'} in the ledger`;
  const returned = `has ${back?.outcome ?? 'no IN line'} in the ledger`;
  return {
    Ordered: [true, 'exists', order],
    OrderCancelled: [order.status === 'CANCELLED', `is ${order.status}`, order],
    // equipment writes an OUT line for each ApprovalObtained that it consumes
    ApprovalObtained: [
      out !== undefined,
      `has ${out ? 'an' : 'no'} OUT line in the ledger`,
      approval,
    ],
    ApprovalRejected: [approval?.status === 'REJECTED', approved, approval],
    CancelRequested: [approval?.status === 'CANCELLED', approved, approval],
    StockDecreased: [out?.outcome === 'TAKEN', taken, out],
    StockRejected: [out?.outcome === 'REFUSED', taken, out],
    StockIncreased: [back?.outcome === 'RETURNED', returned, back],
  };
}
