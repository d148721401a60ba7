import { Clock, existing, NotYet, type PageRequest } from '@equipmgnt/kernel';
import {
  byId,
  type FastifyRequest,
  type Hal,
  halPage,
  type HalPage,
  onlyOwn,
  ownedBy,
  type Principal,
  SignedIn,
} from '@equipmgnt/http';
import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { z } from 'zod';
import { Rentals, type RentalFilter } from '../../application/rentals.ts';
import { ordersBehind } from '../../domain/view-progress.ts';
import { listRentals } from './mis.api.ts';
import { rentalResource, type RentalBody } from './mis.resource.ts';

@Controller('mis')
export class MisController {
  constructor(
    private readonly rentals: Rentals,
    private readonly clock: Clock,
  ) {}

  @Get()
  async list(
    @Query({ schema: listRentals })
    wanted: PageRequest & Omit<RentalFilter, 'requesterId'> & { requester?: 'me' },
    @SignedIn() principal: Principal | undefined,
    @Req() request: FastifyRequest,
  ): Promise<HalPage<RentalBody>> {
    const requesterId = ownedBy(principal, wanted.requester);
    const page = await this.rentals.page(wanted, { ...wanted, requesterId });
    return halPage(request, 'mis', wanted, page, rentalResource);
  }

  @Get(':id')
  async one(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @SignedIn() principal: Principal | undefined,
    @Req() request: FastifyRequest,
  ): Promise<Hal<RentalBody>> {
    const rental = await this.rentals.find(id);
    const requesterId = onlyOwn(principal);
    if (rental) {
      const isVisible = requesterId === undefined || rental.requester?.id === requesterId;
      return rentalResource(request, existing(isVisible ? rental : undefined, 'order', id));
    }
    const behind = ordersBehind(id, await this.rentals.progressAt(id), this.clock.now());
    if (behind === 0) return existing<never>(undefined, 'order', id);
    const message = `The view does not show order ${id} yet; it may lack ${behind} orders up to this one.`;
    throw new NotYet('order-not-in-view-yet', message, behind);
  }
}
