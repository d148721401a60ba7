import type { ApprovalRow, OrderRow } from '../record.ts';
import { sameUnits, strangers, units, type Books } from './invariants.ts';

/** The approvals that an order may have at rest, by the order's status. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  APPROVED: ['APPROVED'],
  // equipment may have refused the units before the cancellation came
  CANCELLED: ['CANCELLED', 'REJECTED'],
  REJECTED: ['REJECTED'],
};

/** Each order has the one approval that its status says, for just what was ordered. */
export function* differencesOfApprovals(books: Books): Iterable<string> {
  for (const order of books.orders.values()) {
    const approval = books.approvals.get(order.id);
    if (approval) yield* ofOrder(order, approval);
    else if (order.status !== 'ORDERED')
      yield `order ${order.id} is ${order.status} without approval`;
  }
  yield* strangers(books.approvals.keys(), books, 'an approval is for');
}

function* ofOrder(order: OrderRow, approval: ApprovalRow): Iterable<string> {
  const { id, status } = order;
  const subject = `order ${id} is ${status}, its approval ${approval.id}`;
  const expected = FITTING[status];
  if (expected && !expected.includes(approval.status)) {
    yield `${subject} is ${approval.status}, expected ${expected.join(' or ')}`;
  }
  if (!sameUnits(order, approval)) {
    yield `${subject} is for ${units(approval)}, expected ${units(order)}`;
  }
  // an order that was cancelled while it waited never got to know its approval
  const unknowing = order.approvalId === null && (status === 'CANCELLED' || status === 'ORDERED');
  if (!unknowing && order.approvalId !== approval.id) {
    yield `${subject}, but it names approval ${order.approvalId}`;
  }
}
