import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import type { Equipment, NewEquipment } from '../domain/equipment.ts';
import { Defaults } from './defaults.ts';
import { Equipments } from './equipments.ts';

/** A manager registers equipment. Needs only this service's own database. */
@Injectable()
export class RegisterEquipment {
  constructor(
    private readonly equipments: Equipments,
    private readonly defaults: Defaults,
    private readonly clock: Clock,
  ) {}

  /** Equipment without a category or region gets the default. */
  execute(equipment: NewEquipment): Promise<Equipment> {
    return this.equipments.register({ ...this.defaults.current(), ...equipment }, this.clock.now());
  }
}
