import { MAX_QUANTITY } from '@equipmgnt/contracts';
import {
  answer,
  id,
  idempotencyKey,
  json,
  list,
  oneOf,
  pageQuery,
  pathId,
  read,
  refusal,
  requester,
  requesterFilter,
  resource,
  resourceId,
  time,
  wholeNumber,
  type ApiPaths,
} from '@equipmgnt/http';
import { z } from 'zod';
import { ORDER_SORTS } from '../../application/orders.ts';
import type { OrderedUnits } from '../../application/place-order.ts';
import { orderStatuses } from '../../domain/order.ts';

export const placeOrder = z.strictObject({
  /** Units. */
  qty: wholeNumber(1, MAX_QUANTITY),
  equipmentId: resourceId,
  /** Only ORDERED: every new order has this status. */
  status: oneOf(['ORDERED']).optional(),
} satisfies Record<keyof OrderedUnits | 'status', z.ZodType>);

/** The other members of an order are read-only: a client may send them back, but not change them. */
export const changeOrder = z.looseObject({
  status: oneOf(orderStatuses),
});

export const listOrders = pageQuery(ORDER_SORTS, { requester: requesterFilter });

const order = resource('Order', {
  id,
  equipmentId: id,
  qty: id,
  status: z.enum(orderStatuses).describe('ORDERED waits for its approval.'),
  requester: requester.optional(),
  orderedAt: time,
  approvalId: id.optional(),
  approvedAt: time.optional(),
  cancelledAt: time.optional(),
  rejectedAt: time.optional(),
  reason: z.string().optional().describe('Why it was rejected: OUT_OF_STOCK, UNKNOWN_EQUIPMENT.'),
});

const NO_SUCH_ORDER = 'No such order, or an order of someone else.';

export const orderPaths: ApiPaths = {
  '/orders': {
    post: {
      summary: 'Place an order',
      requestParams: { header: idempotencyKey },
      requestBody: json(placeOrder),
      responses: {
        '201': answer('The order, approved or rejected.', order, 'location'),
        '202': answer('The order, which waits for its approval.', order, 'location'),
        '400': refusal('A bad field, or a body that is not JSON.'),
        '422': refusal('The Idempotency-Key belongs to another request.'),
      },
    },
    get: list('List orders; an employee sees the own ones', 'orders', order, listOrders),
  },
  '/orders/{id}': {
    get: read('Read an order', order, NO_SUCH_ORDER),
    patch: {
      summary: 'Cancel an order',
      requestParams: { path: pathId },
      requestBody: json(changeOrder),
      responses: {
        '200': answer('The order after the change.', order),
        '400': refusal('A bad field, or a change of a read-only one.'),
        '404': refusal(NO_SUCH_ORDER),
        '409': refusal('The order cannot get this status any more.'),
      },
    },
  },
};
