import { approvalStatuses, MAX_QUANTITY } from '@equipmgnt/contracts';
import {
  answer,
  id,
  idempotencyKey,
  json,
  list,
  pageQuery,
  read,
  refusal,
  resource,
  resourceId,
  time,
  wholeNumber,
  type ApiPaths,
} from '@equipmgnt/http';
import { z } from 'zod';
import { APPROVAL_SORTS } from '../../application/approvals.ts';

/** Fields of a later version of order are ignored. */
export const approveOrder = z.object({
  orderId: resourceId,
  equipmentId: resourceId,
  /** Units. The classic load test sends none, which counts as one. */
  qty: wholeNumber(1, MAX_QUANTITY).default(1),
  /** Only APPROVED: the order service of the original sends it. */
  status: z.enum(['APPROVED'], { error: 'expected APPROVED, or nothing' }).optional(),
});

export const listApprovals = pageQuery(APPROVAL_SORTS, {});

const approval = resource('Approval', {
  id,
  orderId: id,
  equipmentId: id,
  qty: id,
  status: z.enum(approvalStatuses),
  reason: z.string().optional().describe('Why it was rejected: OUT_OF_STOCK, UNKNOWN_EQUIPMENT.'),
  approvedAt: time.optional(),
  cancelledAt: time.optional(),
  rejectedAt: time.optional(),
});

export const approvalPaths: ApiPaths = {
  '/approvals': {
    post: {
      summary: 'Approve an order; only inside the suite',
      requestParams: { header: idempotencyKey },
      requestBody: json(approveOrder),
      responses: {
        '200': answer('The approval that the order has already, unchanged.', approval),
        '201': answer('A new approval.', approval, 'location'),
        '400': refusal('A bad field, or a body that is not JSON.'),
        '422': refusal('The Idempotency-Key belongs to another request.'),
      },
    },
    get: list('List approvals', 'approvals', approval, listApprovals),
  },
  '/approvals/{id}': { get: read('Read an approval', approval, 'No such approval.') },
};
