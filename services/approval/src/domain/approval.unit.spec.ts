import { Approval, type ApprovalState } from './approval.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const EARLIER = new Date('2026-01-02T03:00:00Z');
const SUBJECT = { orderId: 1, equipmentId: 3, qty: 2 };

const states = {
  APPROVED: { status: 'APPROVED', approvedAt: EARLIER },
  CANCELLED: { status: 'CANCELLED', cancelledAt: EARLIER },
  REJECTED: { status: 'REJECTED', rejectedAt: EARLIER, reason: 'OUT_OF_STOCK' },
} satisfies Record<string, ApprovalState>;

const anApproval = (status: keyof typeof states) => new Approval(SUBJECT, states[status], 7);

describe('Approval', () => {
  it('is given at once when obtained, and says so', () => {
    const approval = Approval.obtain(SUBJECT, NOW);
    expect(approval.status).toBe('APPROVED');
    expect(approval.loadedStatus).toBeUndefined();
    expect(approval.facts).toEqual([
      { type: 'equipmgnt.ApprovalObtained.v1', data: SUBJECT, at: NOW },
    ]);
  });

  it('exists as cancelled when the cancellation came first, so that a late approval cannot happen', () => {
    const approval = Approval.cancelledBeforehand(SUBJECT, NOW);
    expect(approval.state).toEqual({ status: 'CANCELLED', cancelledAt: NOW });
    expect(approval.facts.map(({ type }) => type)).toEqual(['equipmgnt.CancelRequested.v1']);
  });

  it('exists as rejected when equipment rejects what is unknown here', () => {
    const approval = Approval.rejectedBeforehand(SUBJECT, 'OUT_OF_STOCK', NOW);
    expect(approval.state).toEqual({ status: 'REJECTED', rejectedAt: NOW, reason: 'OUT_OF_STOCK' });
    expect(approval.facts.map(({ type }) => type)).toEqual(['equipmgnt.ApprovalRejected.v1']);
  });

  it('when approved, can be cancelled, once', () => {
    const approval = anApproval('APPROVED');
    approval.cancel(NOW);
    approval.cancel(NOW);
    expect(approval.state).toEqual({ status: 'CANCELLED', approvedAt: EARLIER, cancelledAt: NOW });
    expect(approval.facts).toEqual([
      { type: 'equipmgnt.CancelRequested.v1', data: SUBJECT, at: NOW },
    ]);
  });

  it('when approved, can be rejected, once', () => {
    const approval = anApproval('APPROVED');
    approval.reject('OUT_OF_STOCK', NOW);
    approval.reject('UNKNOWN_EQUIPMENT', NOW);
    expect(approval.state).toEqual({ ...states.REJECTED, approvedAt: EARLIER, rejectedAt: NOW });
    expect(approval.facts).toEqual([
      {
        type: 'equipmgnt.ApprovalRejected.v1',
        data: { ...SUBJECT, reason: 'OUT_OF_STOCK' },
        at: NOW,
      },
    ]);
  });

  it('when rejected, tells so again, and when that was', () => {
    const approval = anApproval('REJECTED');
    approval.tellRejection();
    expect(approval.changed).toBe(false);
    expect(approval.facts).toEqual([
      {
        type: 'equipmgnt.ApprovalRejected.v1',
        data: { ...SUBJECT, reason: states.REJECTED.reason },
        at: states.REJECTED.rejectedAt,
      },
    ]);
  });

  it('when not rejected, tells of no rejection', () => {
    const approval = anApproval('APPROVED');
    approval.tellRejection();
    expect(approval.facts).toEqual([]);
  });

  it.each(['CANCELLED', 'REJECTED'] as const)('when %s, stays so', (status) => {
    const approval = anApproval(status);
    approval.cancel(NOW);
    approval.reject('OUT_OF_STOCK', NOW);
    expect(approval.state).toEqual(states[status]);
    expect(approval.changed).toBe(false);
    expect(approval.facts).toEqual([]);
  });
});
