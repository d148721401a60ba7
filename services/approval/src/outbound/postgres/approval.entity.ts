import type { ApprovalStatus } from '@equipmgnt/contracts';
import { EntitySchema } from 'typeorm';
import { Approval, type ApprovalState } from '../../domain/approval.ts';

/** A row of `approvals`, for reads. Writes are statements of their own, in statements.ts. */
export interface ApprovalRow {
  id: number;
  orderId: number;
  equipmentId: number;
  qty: number;
  status: ApprovalStatus;
  reason: string | null;
  approvedAt: Date | null;
  cancelledAt: Date | null;
  rejectedAt: Date | null;
}

export const approvalEntity = new EntitySchema<ApprovalRow>({
  name: 'approval',
  tableName: 'approvals',
  columns: {
    id: { type: 'bigint', primary: true },
    orderId: { name: 'order_id', type: 'bigint' },
    equipmentId: { name: 'equipment_id', type: 'bigint' },
    qty: { type: 'int' },
    status: { type: 'text' },
    reason: { type: 'text', nullable: true },
    approvedAt: { name: 'approved_at', type: 'timestamptz', nullable: true },
    cancelledAt: { name: 'cancelled_at', type: 'timestamptz', nullable: true },
    rejectedAt: { name: 'rejected_at', type: 'timestamptz', nullable: true },
  },
});

export const toApproval = (row: ApprovalRow): Approval =>
  new Approval(
    { orderId: row.orderId, equipmentId: row.equipmentId, qty: row.qty },
    toState(row),
    row.id,
  );

function toState(row: ApprovalRow): ApprovalState {
  const approved = row.approvedAt && { approvedAt: row.approvedAt };
  switch (row.status) {
    case 'APPROVED':
      return { status: 'APPROVED', approvedAt: present(row.approvedAt, row) };
    case 'CANCELLED':
      return { status: 'CANCELLED', ...approved, cancelledAt: present(row.cancelledAt, row) };
    case 'REJECTED':
      return {
        status: 'REJECTED',
        ...approved,
        rejectedAt: present(row.rejectedAt, row),
        reason: present(row.reason, row),
      };
  }
}

function present<T>(value: T | null, row: ApprovalRow): T {
  if (value === null)
    throw new Error(`approval ${row.id} is ${row.status} but its row says not how`);
  return value;
}
