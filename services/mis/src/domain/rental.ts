import type { EventData, EventType } from '@equipmgnt/contracts';

export const rentalStatuses = ['ORDERED', 'APPROVED', 'CANCELLED', 'REJECTED'] as const;

export type RentalStatus = (typeof rentalStatuses)[number];

/** The events that make up an order's history. */
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
 * Something that has happened to an order, wherever it happened. Each happens at most once to an
 * order, so the view is the set of these facts: it comes out the same in whatever order, and however
 * often, they are told.
 */
export interface RentalFact {
  readonly event: RentalEvent;
  readonly orderId: number;
  readonly at: Date;
  /** Told by Ordered alone: what was really ordered. */
  readonly equipmentId?: number;
  readonly qty?: number;
  /** Told by the approval's events. */
  readonly approvalId?: number;
  /** Why the order is rejected; told by order, or with the approval's rejection. */
  readonly reason?: string;
}

/** What an event tells of its order. */
export function factOf(event: RentalEvent, data: EventData<RentalEvent>, at: Date): RentalFact {
  const { orderId, equipmentId, qty } = data;
  return {
    event,
    orderId,
    at,
    ...(event === 'equipmgnt.Ordered.v1' && { equipmentId, qty }),
    ...('approvalId' in data && { approvalId: data.approvalId }),
    // a lack of stock rejects no order: the approval's rejection, which follows it, does
    ...('reason' in data && event !== 'equipmgnt.StockRejected.v1' && { reason: data.reason }),
  };
}

/** An order as an employee sees it, with everything that the services know of it. */
export interface Rental {
  readonly orderId: number;
  readonly equipmentId: number;
  readonly equipmentName?: string;
  readonly qty: number;
  readonly status: RentalStatus;
  readonly approvalId?: number;
  readonly reason?: string;
  /** What has happened, in the order of time. */
  readonly timeline: readonly { readonly event: string; readonly at: Date }[];
}

/** Equipment as far as the view shows it. */
export interface RegisteredEquipment {
  readonly id: number;
  readonly name?: string | undefined;
  readonly category?: string | undefined;
  readonly region?: string | undefined;
}
