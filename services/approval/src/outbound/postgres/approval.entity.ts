import type { ApprovalStatus } from '@equipmgnt/contracts';
import { EntitySchema } from 'typeorm';
import { Approval, type ApprovalState } from '../../domain/approval.ts';

/** A row of `approvals`, for reads. The statements that write are in statements.ts. */
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
  confirmedAt: Date | null;
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
    confirmedAt: { name: 'confirmed_at', type: 'timestamptz', nullable: true },
  },
});

export const toApproval = (row: ApprovalRow): Approval =>
  new Approval({
    id: row.id,
    subject: { orderId: row.orderId, equipmentId: row.equipmentId, qty: row.qty },
    state: toState(row),
    confirmedAt: row.confirmedAt ?? undefined,
  });

function toState(row: ApprovalRow): ApprovalState {
  const approved = row.approvedAt && { approvedAt: row.approvedAt };
  switch (row.status) {
    case 'APPROVED':
      return { status: 'APPROVED', approvedAt: present(row, 'approvedAt') };
    case 'CANCELLED':
      return { status: 'CANCELLED', ...approved, cancelledAt: present(row, 'cancelledAt') };
    case 'REJECTED':
      return {
        status: 'REJECTED',
        ...approved,
        rejectedAt: present(row, 'rejectedAt'),
        reason: present(row, 'reason'),
      };
  }
}

function present<K extends keyof ApprovalRow>(row: ApprovalRow, column: K) {
  const value = row[column];
  if (value === null) throw new Error(`approval ${row.id} is ${row.status} without ${column}`);
  return value;
}
