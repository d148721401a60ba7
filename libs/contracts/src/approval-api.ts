import { z } from 'zod';

/** The states of an approval, as its API spells them. CANCELLED and REJECTED are final. */
export const approvalStatuses = ['APPROVED', 'CANCELLED', 'REJECTED'] as const;

export type ApprovalStatus = (typeof approvalStatuses)[number];

/** What order sends to `POST /approvals`. Idempotent by `orderId`. */
export interface ApprovalRequest {
  orderId: number;
  equipmentId: number;
  qty: number;
}

/**
 * What order reads from the answer (201 for a new approval, 200 for one that exists). An existing
 * approval is answered as it is, so `equipmentId` and `qty` may differ from those asked for.
 */
export const approvalAnswer = z.object({
  id: z.int().positive(),
  orderId: z.int().positive(),
  equipmentId: z.int().positive(),
  qty: z.int().positive(),
  status: z.enum(approvalStatuses),
  reason: z.string().optional(),
});

export type ApprovalAnswer = z.infer<typeof approvalAnswer>;
