import type { Received } from '@equipmgnt/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Rentals } from '../../application/rentals.ts';
import { factOf, rentalEvents, type RentalEvent } from '../../domain/rental.ts';

/** Projects the events of all other services into the view. */
@Controller()
export class ViewConsumer {
  constructor(private readonly rentals: Rentals) {}

  @EventPattern(rentalEvents)
  project(@Payload() events: readonly Received<RentalEvent>[]): Promise<void> {
    return this.rentals.project(events.map(({ type, data, time }) => factOf(type, data, time)));
  }

  @EventPattern('equipmgnt.EquipmentRegistered.v1')
  projectEquipment(
    @Payload() events: readonly Received<'equipmgnt.EquipmentRegistered.v1'>[],
  ): Promise<void> {
    return this.rentals.projectEquipment(
      events.map(({ data }) => ({ ...data, id: data.equipmentId })),
    );
  }
}
