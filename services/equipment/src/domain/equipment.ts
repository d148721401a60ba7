export type EquipmentStatus = 'AVAILABLE' | 'OUT_OF_STOCK';

/**
 * What a name, category or region may be: a control character has no place in a list, and the
 * database takes not all of them.
 */
export const DETAIL = /^[^\p{Cc}]{1,200}$/u;

/** What a manager registers; it becomes {@link Equipment} when it gets its id. */
export interface NewEquipment {
  /** Units to begin with. */
  readonly stock: number;
  readonly name?: string;
  readonly category?: string;
  readonly region?: string;
}

/** A kind of equipment that is lent, and how many units of it are in stock. */
export class Equipment {
  private units: number;

  constructor(
    readonly id: number,
    readonly details: NewEquipment,
    readonly registeredAt: Date,
  ) {
    this.units = details.stock;
  }

  /** Units in stock; never negative. */
  get stock(): number {
    return this.units;
  }

  get status(): EquipmentStatus {
    return this.units > 0 ? 'AVAILABLE' : 'OUT_OF_STOCK';
  }

  /** Units taken (negative) or given back since it was loaded. */
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
