import type { ApprovalStatus } from '@equipmgnt/contracts';
import { type FastifyRequest, type Hal, halResource } from '@equipmgnt/http';
import type { Approval } from '../../domain/approval.ts';

/** An approval as the API shows it. Times are ISO 8601, in UTC. */
export interface ApprovalBody {
  id: number;
  orderId: number;
  equipmentId: number;
  qty: number;
  status: ApprovalStatus;
  /** Why it was rejected: OUT_OF_STOCK or UNKNOWN_EQUIPMENT. */
  reason?: string;
  approvedAt?: Date;
  cancelledAt?: Date;
  rejectedAt?: Date;
}

/** An approval with links to itself, its order and its equipment. */
export function approvalResource(request: FastifyRequest, approval: Approval): Hal<ApprovalBody> {
  const { id, subject, state } = approval;
  if (id === undefined) throw new Error('an approval without an id has no resource');
  return halResource(
    request,
    'approval',
    'approvals',
    { id, ...subject, ...state },
    {
      order: `orders/${subject.orderId}`,
      equipment: `equipments/${subject.equipmentId}`,
    },
  );
}
