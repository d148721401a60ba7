import type { ApprovalRow, OrderRow } from '../run-record.ts';
import { sameUnits, orphans, units, type IndexedRun } from './indexed-run.ts';

/** By the order's status: the statuses that its approval may have at the end. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  APPROVED: ['APPROVED'],
  // equipment may have refused the units before the cancellation was handled
  CANCELLED: ['CANCELLED', 'REJECTED'],
  REJECTED: ['REJECTED'],
};

/** Each order has one approval, with a matching status and for the ordered units. */
export function* checkApprovals(run: IndexedRun): Iterable<string> {
  for (const order of run.orders.values()) {
    const approval = run.approvals.get(order.id);
    if (approval) yield* ofOrder(order, approval);
    else if (order.status !== 'ORDERED')
      yield `order ${order.id} is ${order.status} without approval`;
  }
  yield* orphans(run.approvals.keys(), run, 'an approval is for');
}

function* ofOrder(order: OrderRow, approval: ApprovalRow): Iterable<string> {
  const { id, status } = order;
  const subject = `order ${id} is ${status}, its approval ${approval.id}`;
  const expected = ALLOWED[status];
  if (expected && !expected.includes(approval.status)) {
    yield `${subject} is ${approval.status}, expected ${expected.join(' or ')}`;
  }
  if (!sameUnits(order, approval)) {
    yield `${subject} is for ${units(approval)}, expected ${units(order)}`;
  }
  // an order that was cancelled while it waited does not store the id of its approval
  const mayLackId = order.approvalId === null && (status === 'CANCELLED' || status === 'ORDERED');
  if (!mayLackId && order.approvalId !== approval.id) {
    yield `${subject}, but the order refers to approval ${order.approvalId}`;
  }
}
