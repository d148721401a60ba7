import type { EventData, EventType, OrderDetails } from '@equipmgnt/contracts';

export const rentalStatuses = ['ORDERED', 'APPROVED', 'CANCELLED', 'REJECTED'] as const;

export type RentalStatus = (typeof rentalStatuses)[number];

/** The events in the history of an order. */
export const rentalEvents = [
  'equipmgnt.Ordered.v1',
  'equipmgnt.OrderCancelled.v1',
  'equipmgnt.OrderRejected.v1',
  'equipmgnt.ApprovalObtained.v1',
  'equipmgnt.ApprovalRejected.v1',
  'equipmgnt.CancelRequested.v1',
  'equipmgnt.StockDecreased.v1',
  'equipmgnt.StockIncreased.v1',
  'equipmgnt.StockRejected.v1',
] as const satisfies EventType[];

export type RentalEvent = (typeof rentalEvents)[number];

/**
 * Something that happened to an order, in any of the services. Each event happens at most once to an
 * order, so the view is a set of facts. It is the same in whatever order, and however often, the
 * events are delivered. Only the fact of Ordered has the order's details.
 */
export interface RentalFact extends Partial<OrderDetails> {
  readonly event: RentalEvent;
  readonly orderId: number;
  readonly at: Date;
  /** From the events of approval, and from StockRejected. */
  readonly approvalId?: number;
  /** Why the order is rejected: from OrderRejected or ApprovalRejected. */
  readonly reason?: string;
}

/** The fact that an event reports about its order. */
export function factOf(event: RentalEvent, data: EventData<RentalEvent>, at: Date): RentalFact {
  const { orderId, ...details } = data;
  return {
    event,
    orderId,
    at,
    ...(event === 'equipmgnt.Ordered.v1' && details),
    ...('approvalId' in data && { approvalId: data.approvalId }),
    // StockRejected does not reject the order; the ApprovalRejected that follows it does.
    ...('reason' in data && event !== 'equipmgnt.StockRejected.v1' && { reason: data.reason }),
  };
}

/** An order as an employee sees it, with the data of all services. */
export interface Rental extends OrderDetails {
  readonly orderId: number;
  readonly equipmentName?: string;
  readonly status: RentalStatus;
  readonly approvalId?: number;
  readonly reason?: string;
  /** What happened, causes before effects, with the times of the publishers' clocks. */
  readonly timeline: readonly { readonly event: string; readonly at: Date }[];
}

/** The part of a piece of equipment that the view stores. */
export interface RegisteredEquipment {
  readonly id: number;
  readonly name?: string | undefined;
  readonly category?: string | undefined;
  readonly region?: string | undefined;
}
