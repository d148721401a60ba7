import { DomainError, type PageRequest } from '@equipmgnt/kernel';
import {
  byId,
  type FastifyRequest,
  type Hal,
  halPage,
  type HalPage,
  halResource,
  oneOf,
  pageQuery,
  resourceId,
} from '@equipmgnt/http';
import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { z } from 'zod';
import { Rentals, type RentalFilter } from '../../application/rentals.ts';
import { rentalStatuses, type Rental } from '../../domain/rental.ts';

const listRentals = pageQuery(['id', 'equipmentId', 'qty', 'status', 'orderedAt'], {
  status: oneOf(rentalStatuses).optional(),
  equipmentId: resourceId.optional(),
});

/** A row of the view as the API shows it: a {@link Rental} under its order's id. */
type RentalBody = Omit<Rental, 'orderId'> & { id: number };

@Controller('mis')
export class MisController {
  constructor(private readonly rentals: Rentals) {}

  @Get()
  async list(
    @Query({ schema: listRentals }) wanted: PageRequest & RentalFilter,
    @Req() request: FastifyRequest,
  ): Promise<HalPage<RentalBody>> {
    const page = await this.rentals.page(wanted, wanted);
    return halPage(request, 'mis', wanted, page, rentalResource);
  }

  @Get(':id')
  async one(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @Req() request: FastifyRequest,
  ): Promise<Hal<RentalBody>> {
    const rental = await this.rentals.find(id);
    if (rental) return rentalResource(request, rental);
    const message = `The view knows of no order ${id}; a new one appears within moments.`;
    throw new DomainError('missing', 'no-such-order', message);
  }
}

function rentalResource(request: FastifyRequest, rental: Rental): Hal<RentalBody> {
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
