import { Clock, fingerprintOf } from '@equipmgnt/kernel';
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

  /**
   * Equipment without a category or region gets the default.
   * @param key the client's idempotency key, if it sent one
   * @throws DomainError unprocessable, when the key belongs to another request
   */
  execute(wanted: NewEquipment, key?: string): Promise<Equipment> {
    const equipment = { ...this.defaults.current(), ...wanted };
    // without the defaults, which may change before the client repeats its request
    const requestKey = key === undefined ? undefined : { key, fingerprint: fingerprintOf(wanted) };
    return this.equipments.register(equipment, this.clock.now(), requestKey);
  }
}
