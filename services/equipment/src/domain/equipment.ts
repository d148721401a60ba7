import type { EventData } from '@equipmgnt/contracts';

export type EquipmentStatus = 'AVAILABLE' | 'OUT_OF_STOCK';

/** The most characters of a name, category or region. */
export const MAX_DETAIL = 200;

/** What a manager registers. It becomes {@link Equipment} when the database assigns its id. */
export interface NewEquipment {
  /** Units at the start. */
  readonly stock: number;
  readonly name?: string;
  readonly category?: string;
  readonly region?: string;
}

/** The event of a registration. Its equipmentId is added when the database assigns it. */
export const equipmentRegistered = (equipment: NewEquipment, at: Date) => ({
  type: 'equipmgnt.EquipmentRegistered.v1' as const,
  data: equipment satisfies Omit<EventData<'equipmgnt.EquipmentRegistered.v1'>, 'equipmentId'>,
  at,
});

export interface EquipmentProperties {
  readonly id: number;
  readonly details: NewEquipment;
  readonly registeredAt: Date;
}

/** A kind of equipment that is lent, and how many units of it are in stock. */
export class Equipment {
  readonly id: number;
  readonly details: NewEquipment;
  readonly registeredAt: Date;
  private units: number;

  constructor({ id, details, registeredAt }: EquipmentProperties) {
    this.id = id;
    this.details = details;
    this.registeredAt = registeredAt;
    this.units = details.stock;
  }

  /** Units in stock; never negative. */
  get stock(): number {
    return this.units;
  }

  get status(): EquipmentStatus {
    return this.units > 0 ? 'AVAILABLE' : 'OUT_OF_STOCK';
  }

  /** Units given back (positive) or taken (negative) since it was loaded. */
  get moved(): number {
    return this.units - this.details.stock;
  }

  has(qty: number): boolean {
    return this.units >= qty;
  }

  take(qty: number): void {
    if (!this.has(qty)) throw new RangeError(`equipment ${this.id} has ${this.units}, not ${qty}`);
    this.units -= qty;
  }

  giveBack(qty: number): void {
    this.units += qty;
  }
}
