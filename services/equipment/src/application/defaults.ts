/** The category and region of newly registered equipment that has none of its own. */
export interface EquipmentDefaults {
  readonly category?: string;
  readonly region?: string;
}

export abstract class Defaults {
  abstract current(): EquipmentDefaults;
}
