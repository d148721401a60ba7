import { z } from 'zod';

/**
 * The statuses of an approval in the API. CANCELLED and REJECTED are final. A later version may answer
 * with others.
 */
export const approvalStatuses = ['APPROVED', 'CANCELLED', 'REJECTED'] as const;

export type ApprovalStatus = (typeof approvalStatuses)[number];

/** The body of `POST /approvals`, which is idempotent by `orderId`. */
export interface ApprovalRequest {
  orderId: number;
  equipmentId: number;
  qty: number;
}

/**
 * The answer: 201 with a new approval, 200 with an existing one. An existing approval is returned
 * unchanged, so its `equipmentId` and `qty` may differ from those of the request. The status is any
 * text, and other fields are ignored: a later version of approval is no failure.
 */
export const approvalAnswer = z.object({
  id: z.int().positive(),
  orderId: z.int().positive(),
  equipmentId: z.int().positive(),
  qty: z.int().positive(),
  status: z.string(),
  reason: z.string().optional(),
});

export type ApprovalAnswer = z.infer<typeof approvalAnswer>;
