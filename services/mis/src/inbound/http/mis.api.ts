import {
  answer,
  id,
  oneOf,
  pageOf,
  pageQuery,
  pathId,
  refusal,
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
    get: {
      summary: 'List orders with everything that the services know of them',
      requestParams: { query: listRentals },
      responses: {
        '200': answer(
          'A page of rows: an employee sees the own ones.',
          pageOf('mis', rental),
          'etag',
        ),
        '400': refusal('A bad parameter.'),
      },
    },
  },
  '/mis/{id}': {
    get: {
      summary: 'Read an order with its timeline',
      requestParams: { path: pathId },
      responses: {
        '200': answer('The row.', rental, 'etag'),
        '400': refusal('A bad id.'),
        '404': refusal('No such order, an order of someone else, or one that the view lacks yet.'),
      },
    },
  },
};
