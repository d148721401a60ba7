import { type FastifyRequest, type Hal, halResource } from '@equipmgnt/http';
import type { Rental } from '../../domain/rental.ts';

/** A row of the view as the API shows it: a {@link Rental} under the id of its order. */
export type RentalBody = Omit<Rental, 'orderId'> & { id: number };

/** A row of the view with links to itself, its order, its equipment and its approval. */
export function rentalResource(request: FastifyRequest, rental: Rental): Hal<RentalBody> {
  const { orderId, ...state } = rental;
  return halResource(
    request,
    'mis',
    'mis',
    { id: orderId, ...state },
    {
      order: `orders/${orderId}`,
      equipment: `equipments/${rental.equipmentId}`,
      ...(rental.approvalId !== undefined && { approval: `approvals/${rental.approvalId}` }),
    },
  );
}
