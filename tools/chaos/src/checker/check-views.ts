import type { ViewRow } from '../run-record.ts';
import { orphans, type IndexedRun } from './indexed-run.ts';

const FIELDS = ['equipmentId', 'qty', 'status', 'approvalId', 'timeline'] as const;

/** The fields of a row of mis as text, to compare and print them. */
type Shown = Record<(typeof FIELDS)[number], string>;

/** mis shows each order as the other services have it, and a view rebuilt from the topics is equal. */
export function* checkViews(run: IndexedRun): Iterable<string> {
  const { orders, approvals, log, views, rebuiltViews } = run;
  for (const { id, equipmentId, qty, status } of orders.values()) {
    const approvalId = approvals.get(id)?.id;
    const timeline = [...(log.ofOrders.get(id)?.keys() ?? [])].sort();
    const expected = { id, equipmentId, qty, status, approvalId, timeline };
    yield* compare('mis', id, shown(views.get(id), sorted), shown(expected, sorted));
  }
  yield* orphans(views.keys(), run, 'mis shows');
  if (rebuiltViews === undefined) return;
  // Both sort the same events by cause and time, so the timelines must be equal too.
  for (const [id, view] of views) {
    yield* compare(
      'the rebuilt mis',
      id,
      shown(rebuiltViews.get(id), unsorted),
      shown(view, unsorted),
    );
  }
  for (const id of rebuiltViews.keys()) {
    if (!views.has(id)) yield `the rebuilt mis shows order ${id}, mis does not`;
  }
}

type Arrange = (timeline: readonly string[]) => readonly string[];

const unsorted: Arrange = (timeline) => timeline;

/** Each service dates events by its own clock, so the expected order of a timeline is not known. */
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
  const texts = wrong.map((field) => `${field} ${found[field]}, expected ${expected[field]}`);
  yield `${who} shows order ${id} with ${texts.join('; ')}`;
}
