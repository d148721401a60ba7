import type { ViewRow } from '../run-record.ts';
import { orphans, type IndexedRun } from './indexed-run.ts';

/** mis shows each order as the other services have it, and a view rebuilt from the topics is equal. */
export function* checkViews(run: IndexedRun): Iterable<string> {
  const { orders, approvals, log, views, rebuiltViews } = run;
  for (const { id, equipmentId, qty, status } of orders.values()) {
    const approvalId = approvals.get(id)?.id;
    const timeline = [...(log.ofOrders.get(id)?.keys() ?? [])];
    const expected = { id, equipmentId, qty, status, approvalId, timeline };
    yield* compare('mis', sorted(views.get(id)), sorted(expected));
  }
  yield* orphans(views.keys(), run, 'mis shows');
  if (rebuiltViews === undefined) return;
  // Both sort the same events by cause and time, so the timelines must be equal too.
  for (const [id, view] of views) yield* compare('the rebuilt mis', rebuiltViews.get(id), view);
  for (const id of rebuiltViews.keys()) {
    if (!views.has(id)) yield `the rebuilt mis shows order ${id}, mis does not`;
  }
}

/** Each service dates events by its own clock, so the expected order of a timeline is not known. */
const sorted = <T extends ViewRow | undefined>(row: T): T =>
  row && { ...row, timeline: row.timeline.toSorted() };

function* compare(who: string, found: ViewRow | undefined, expected: ViewRow): Iterable<string> {
  const subject = `order ${expected.id}`;
  if (found === undefined) {
    yield `${who} does not show ${subject}`;
    return;
  }
  const [shown, wanted] = [fieldsOf(found), fieldsOf(expected)];
  const wrong = Object.entries(wanted).filter(([field, value]) => shown[field] !== value);
  if (wrong.length === 0) return;
  const texts = wrong.map(([field, value]) => `${field} ${shown[field]}, expected ${value}`);
  yield `${who} shows ${subject} with ${texts.join('; ')}`;
}

/** As text, to compare and print them. */
const fieldsOf = (row: ViewRow): Record<string, string> => ({
  equipmentId: String(row.equipmentId),
  qty: String(row.qty),
  status: row.status,
  approvalId: String(row.approvalId ?? 'none'),
  timeline: row.timeline.join(' ') || 'none',
});
