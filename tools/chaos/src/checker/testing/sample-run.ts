import type { LedgerRow, RunRecord, TopicMessage, Writable } from '../../run-record.ts';
import { check } from '../check.ts';
import { correctRun } from './correct-run.ts';
import type { OrderPlan } from './order-paths.ts';

export const plan = (
  path: OrderPlan['path'],
  equipmentId: number,
  qty: number,
  more: Partial<OrderPlan> = {},
): OrderPlan => ({ path, equipmentId, qty, unknown: 0, repeated: false, poisoned: false, ...more });

/** Orders 1 to 8 and a refused request, with 10 units of equipment 1 and 5 of equipment 2. */
export const sampleRun = () =>
  correctRun(
    [10, 5],
    [
      plan('simple', 1, 2), // 1: APPROVED
      plan('cancelled', 1, 3, { repeated: true }), // 2: CANCELLED, its units returned
      plan('simple', 2, 9), // 3: REJECTED, too few units
      plan('cancelledWhileWaiting', 1, 1), // 4: CANCELLED, nothing was ever taken
      plan('requestedForOtherUnits', 2, 1), // 5: APPROVED, for 1 unit
      plan('simple', 2, 1, { poisoned: true, unknown: 2 }), // 6: APPROVED
      plan('cancelled', 2, 9), // 7: REJECTED, its cancellation refused
      plan('cancelledBeforeRejection', 2, 9), // 8: CANCELLED, its approval REJECTED
      plan('refused', 1, 4),
    ],
  );

/** The differences after a change of the sample run. A change without an effect fails the test. */
export function differences(change: (run: Writable<RunRecord>) => void): string[] {
  const run = structuredClone(sampleRun()) as Writable<RunRecord>;
  change(run);
  expect(run).not.toEqual(sampleRun());
  return check(run);
}

export function only<T>(items: T[], matches: (item: T) => boolean): T {
  const [found, ...others] = items.filter(matches);
  if (found === undefined || others.length > 0) throw new Error(`${others.length + 1} match`);
  return found;
}

export const remove = <T>(items: T[], matches: (item: T) => boolean) =>
  items.splice(items.indexOf(only(items, matches)), 1);

export const row = (id: number) => (each: { id: number }) => each.id === id;
export const ofOrder = (orderId: number) => (each: { orderId: number }) => each.orderId === orderId;
export const line = (orderId: number, direction: string) => (each: LedgerRow) =>
  each.orderId === orderId && each.direction === direction;
export const event = (key: number, name: string) => (each: TopicMessage) =>
  each.key === String(key) && each.type === `equipmgnt.${name}.v1`;

/** A corruption of the sample run, and a difference that the checker must report. */
export type CorruptionCase = [
  what: string,
  change: (run: Writable<RunRecord>) => void,
  line: string,
];
