import type { RentalEvent } from './rental.ts';

/** An event in the history of an order, with its time by the publisher's clock. */
export interface Moment {
  readonly type: RentalEvent;
  readonly at: Date;
}

/** The events that happen before an event, if they happen at all, whatever the publishers' clocks say. */
const causes: Record<RentalEvent, readonly RentalEvent[]> = {
  'equipmgnt.Ordered.v1': [],
  'equipmgnt.OrderCancelled.v1': ['equipmgnt.Ordered.v1'],
  'equipmgnt.OrderRejected.v1': ['equipmgnt.Ordered.v1', 'equipmgnt.ApprovalObtained.v1'],
  'equipmgnt.ApprovalObtained.v1': ['equipmgnt.Ordered.v1'],
  'equipmgnt.ApprovalRejected.v1': ['equipmgnt.ApprovalObtained.v1', 'equipmgnt.StockRejected.v1'],
  'equipmgnt.CancelRequested.v1': [
    'equipmgnt.ApprovalObtained.v1',
    'equipmgnt.OrderCancelled.v1',
    'equipmgnt.OrderRejected.v1',
  ],
  'equipmgnt.StockDecreased.v1': ['equipmgnt.ApprovalObtained.v1'],
  'equipmgnt.StockIncreased.v1': ['equipmgnt.StockDecreased.v1', 'equipmgnt.CancelRequested.v1'],
  'equipmgnt.StockRejected.v1': ['equipmgnt.ApprovalObtained.v1'],
};

/**
 * Sorts the history of an order: each event after its causes, and by time where neither is the cause of
 * the other.
 * @param moments of one order, at most one of each type
 */
export function inCausalOrder(moments: readonly Moment[]): Moment[] {
  const left = moments.toSorted((a, b) => a.at.getTime() - b.at.getTime());
  const sorted: Moment[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ type }) => !left.some((other) => isBefore(other.type, type)));
    sorted.push(...left.splice(next, 1));
  }
  return sorted;
}

/** Whether one event is a cause of the other, directly or through events that may be missing. */
const isBefore = (cause: RentalEvent, effect: RentalEvent): boolean =>
  causes[effect].some((each) => each === cause || isBefore(cause, each));
