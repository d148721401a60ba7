import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { ViewProgress } from '../domain/view-progress.ts';
import type { RegisteredEquipment, Rental, RentalFact, RentalStatus } from '../domain/rental.ts';

export interface RentalFilter {
  readonly status?: RentalStatus | undefined;
  readonly equipmentId?: number | undefined;
  /** The id of the requester whose orders are shown. */
  readonly requesterId?: string | undefined;
}

/** What a list can be sorted by: an index has each of these orders. */
export const RENTAL_SORTS = ['id', 'status', 'equipmentId'] as const;

/** The view: one row for each order, built from facts. */
export abstract class Rentals {
  /** Adds facts to the rows of their orders. A fact that is stored already changes nothing. */
  abstract project(facts: readonly RentalFact[]): Promise<void>;

  abstract projectEquipment(equipments: readonly RegisteredEquipment[]): Promise<void>;

  /** The row of an order, if the event Ordered is in the view; other events may come before it. */
  abstract find(orderId: number): Promise<Rental | undefined>;

  /** What the view shows around an order that {@link find} does not find. */
  abstract progressAt(orderId: number): Promise<ViewProgress>;

  abstract page(request: PageRequest, filter: RentalFilter): Promise<Page<Rental>>;
}
