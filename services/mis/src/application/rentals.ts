import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { RegisteredEquipment, Rental, RentalFact, RentalStatus } from '../domain/rental.ts';

export interface RentalFilter {
  readonly status?: RentalStatus | undefined;
  readonly equipmentId?: number | undefined;
}

/** The view: one row for each order, made of facts. */
export abstract class Rentals {
  /** Notes facts, each once; those known already change nothing. */
  abstract note(facts: readonly RentalFact[]): Promise<void>;

  abstract noteEquipment(equipments: readonly RegisteredEquipment[]): Promise<void>;

  /** The order's row, once the view has heard of the order itself. */
  abstract find(orderId: number): Promise<Rental | undefined>;

  abstract page(request: PageRequest, filter: RentalFilter): Promise<Page<Rental>>;
}
