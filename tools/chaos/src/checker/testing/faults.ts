import type { LedgerRow, Run, TopicMessage } from '../../record.ts';
import { check } from '../index.ts';
import { correctRun } from './correct-run.ts';
import type { Wish } from './courses.ts';

export type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

export const wish = (
  course: Wish['course'],
  equipmentId: number,
  qty: number,
  more: Partial<Wish> = {},
): Wish => ({ course, equipmentId, qty, unknown: 0, repeated: false, poisoned: false, ...more });

/** Orders 1 to 8 and a request that is refused, of 10 units of equipment 1 and 5 of equipment 2. */
export const aRun = () =>
  correctRun(
    [10, 5],
    [
      wish('simple', 1, 2), // 1: APPROVED
      wish('cancelled', 1, 3, { repeated: true }), // 2: CANCELLED, its units returned
      wish('simple', 2, 9), // 3: REJECTED, too few units
      wish('cancelledWhileWaiting', 1, 1), // 4: CANCELLED, nothing was ever taken
      wish('requestedForOtherUnits', 2, 1), // 5: APPROVED, for 1 unit
      wish('simple', 2, 1, { poisoned: true, unknown: 2 }), // 6: APPROVED
      wish('cancelled', 2, 9), // 7: REJECTED, its cancellation refused
      wish('cancelledBeforeRejection', 2, 9), // 8: CANCELLED, its approval REJECTED
      wish('refused', 1, 4),
    ],
  );

/** What is found after the run was changed; a change that finds nothing to change fails. */
export function differences(change: (run: Writable<Run>) => void): string[] {
  const run = structuredClone(aRun()) as Writable<Run>;
  change(run);
  expect(run).not.toEqual(aRun());
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

/** A mistake that is planted, and a line that must tell of it. */
export type Planted = [what: string, change: (run: Writable<Run>) => void, line: string];
