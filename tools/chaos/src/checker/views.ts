import type { ViewRow } from '../record.ts';
import { strangers, type Books } from './invariants.ts';

const FIELDS = ['equipmentId', 'qty', 'status', 'approvalId', 'timeline'] as const;

/** A row of mis as text, field by field, so that it can be compared and shown. */
type Shown = Record<(typeof FIELDS)[number], string>;

/** mis shows every order as order, approval and equipment have it; so does one built anew. */
export function* differencesOfViews(books: Books): Iterable<string> {
  const { orders, approvals, log, views, rebuiltViews } = books;
  for (const { id, equipmentId, qty, status } of orders.values()) {
    const approvalId = approvals.get(id)?.id;
    const timeline = [...(log.ofOrders.get(id)?.keys() ?? [])].sort();
    const expected = { id, equipmentId, qty, status, approvalId, timeline };
    yield* compare('mis', id, shown(views.get(id), sorted), shown(expected, sorted));
  }
  yield* strangers(views.keys(), books, 'mis shows');
  if (rebuiltViews === undefined) return;
  // Both order an order's timeline by the times of the same events, so that is the same too.
  for (const [id, view] of views) {
    yield* compare('the rebuilt mis', id, shown(rebuiltViews.get(id), asItIs), shown(view, asItIs));
  }
  for (const id of rebuiltViews.keys()) {
    if (!views.has(id)) yield `the rebuilt mis shows order ${id}, mis does not`;
  }
}

type Arrange = (timeline: readonly string[]) => readonly string[];

const asItIs: Arrange = (timeline) => timeline;

/** Each service's own clock dates its events, so their sequence in the view says nothing. */
const sorted: Arrange = (timeline) => timeline.toSorted();

function shown(row: ViewRow | undefined, arrange: Arrange): Shown | undefined {
  return (
    row && {
      equipmentId: String(row.equipmentId),
      qty: String(row.qty),
      status: row.status,
      approvalId: String(row.approvalId ?? 'none'),
      timeline: arrange(row.timeline).join(' ') || 'none',
    }
  );
}

function* compare(
  who: string,
  id: number,
  found: Shown | undefined,
  expected: Shown | undefined,
): Iterable<string> {
  if (found === undefined) yield `${who} does not show order ${id}`;
  if (found === undefined || expected === undefined) return;
  const wrong = FIELDS.filter((field) => found[field] !== expected[field]);
  if (wrong.length === 0) return;
  const told = wrong.map((field) => `${field} ${found[field]}, expected ${expected[field]}`);
  yield `${who} shows order ${id} with ${told.join('; ')}`;
}
