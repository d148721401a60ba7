import type { Received } from '@equipmgnt/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Rentals } from '../../application/rentals.ts';
import { factOf, rentalEvents, type RentalEvent } from '../../domain/rental.ts';

/** Everything that the other services tell, noted in the view. */
@Controller()
export class ViewConsumer {
  constructor(private readonly rentals: Rentals) {}

  @EventPattern(rentalEvents)
  noted(@Payload() events: readonly Received<RentalEvent>[]): Promise<void> {
    return this.rentals.note(events.map(({ type, data, time }) => factOf(type, data, time)));
  }

  @EventPattern('equipmgnt.EquipmentRegistered.v1')
  registered(
    @Payload() events: readonly Received<'equipmgnt.EquipmentRegistered.v1'>[],
  ): Promise<void> {
    return this.rentals.noteEquipment(
      events.map(({ data }) => ({ ...data, id: data.equipmentId })),
    );
  }
}
