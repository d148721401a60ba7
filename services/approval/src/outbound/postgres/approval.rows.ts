import type { ApprovalStatus } from '@equipmgnt/contracts';
import { column, Columns, nullable, type RowOf } from '@equipmgnt/database';
import { Approval, type ApprovalState, type Subject } from '../../domain/approval.ts';

const subjectColumns = new Columns<Subject>({
  orderId: column.bigint(),
  equipmentId: column.bigint(),
  qty: column.int(),
});

const stateColumns = new Columns({
  status: column.text<ApprovalStatus>(),
  reason: nullable(column.text()),
  approvedAt: nullable(column.timestamptz()),
  cancelledAt: nullable(column.timestamptz()),
  rejectedAt: nullable(column.timestamptz()),
});

export const approvalColumns = new Columns({
  id: column.bigint(),
  ...subjectColumns.map,
  ...stateColumns.map,
  confirmedAt: nullable(column.timestamptz()),
});

export type ApprovalRow = RowOf<typeof approvalColumns>;

/** For reads. Writes are the statements in statements.ts. */
export const approvalEntity = approvalColumns.entity('approval', 'approvals', 'id');

export const toApproval = (row: ApprovalRow): Approval =>
  new Approval({
    id: row.id,
    subject: subjectColumns.read(row),
    state: toState(row),
    confirmedAt: row.confirmedAt ?? undefined,
  });

function toState(row: ApprovalRow): ApprovalState {
  const { status } = row;
  const approved = stateColumns.only('approvedAt').read(row);
  switch (status) {
    case 'APPROVED':
      return { status, ...stateColumns.required(row, 'approvedAt') };
    case 'CANCELLED':
      return { status, ...approved, ...stateColumns.required(row, 'cancelledAt') };
    case 'REJECTED':
      return { status, ...approved, ...stateColumns.required(row, 'rejectedAt', 'reason') };
  }
}
