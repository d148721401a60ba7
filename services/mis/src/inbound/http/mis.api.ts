import {
  id,
  list,
  oneOf,
  pageQuery,
  read,
  requester,
  requesterFilter,
  resource,
  resourceId,
  time,
  type ApiPaths,
} from '@equipmgnt/http';
import { z } from 'zod';
import { RENTAL_SORTS } from '../../application/rentals.ts';
import { rentalStatuses } from '../../domain/rental.ts';

export const listRentals = pageQuery(RENTAL_SORTS, {
  status: oneOf(rentalStatuses).optional(),
  equipmentId: resourceId.optional(),
  requester: requesterFilter,
});

const rental = resource('Rental', {
  id: id.describe('The id of the order.'),
  equipmentId: id,
  equipmentName: z.string().optional(),
  qty: id,
  requester: requester.optional(),
  status: z.enum(rentalStatuses),
  approvalId: id.optional(),
  reason: z.string().optional().describe('Why it was rejected: OUT_OF_STOCK, UNKNOWN_EQUIPMENT.'),
  timeline: z
    .array(z.object({ event: z.string(), at: time }))
    .describe('What happened, causes before effects.'),
});

export const rentalPaths: ApiPaths = {
  '/mis': {
    get: list(
      'List orders with all that is known; an employee sees the own ones',
      'mis',
      rental,
      listRentals,
    ),
  },
  '/mis/{id}': {
    get: read(
      'Read an order with its timeline',
      rental,
      'No such order, an order of someone else, or one that the view does not show yet.',
    ),
  },
};
