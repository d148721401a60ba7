import { Approval, type ApprovalState } from './approval.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const EARLIER = new Date('2026-01-02T03:00:00Z');
const ORDER = { orderId: 1, equipmentId: 3, qty: 2 };
const OTHER_UNITS = { orderId: 1, equipmentId: 4, qty: 9 };

const states = {
  APPROVED: { status: 'APPROVED', approvedAt: EARLIER },
  CANCELLED: { status: 'CANCELLED', cancelledAt: EARLIER },
  REJECTED: { status: 'REJECTED', rejectedAt: EARLIER, reason: 'OUT_OF_STOCK' },
} satisfies Record<string, ApprovalState>;

const anApproval = (status: keyof typeof states) =>
  new Approval({ id: 7, subject: ORDER, state: states[status], confirmedAt: EARLIER });

/** An approval that an HTTP call requested, with other units than those of the order. */
const anUnconfirmedApproval = () =>
  new Approval({ id: 7, subject: OTHER_UNITS, state: states.APPROVED });

const cancelRequested = { type: 'equipmgnt.CancelRequested.v1', data: ORDER, at: NOW };
const approvalObtained = { type: 'equipmgnt.ApprovalObtained.v1', data: ORDER, at: NOW };
const approvalRejected = {
  type: 'equipmgnt.ApprovalRejected.v1',
  data: { ...ORDER, reason: 'OUT_OF_STOCK' },
  at: NOW,
};

describe('Approval', () => {
  it('publishes nothing when only an HTTP call requests it', () => {
    const approval = Approval.unconfirmed(ORDER, NOW);
    expect(approval.status).toBe('APPROVED');
    expect(approval.confirmedAt).toBeUndefined();
    expect(approval.loaded).toBeUndefined();
    expect(approval.facts).toEqual([]);
  });

  it('publishes ApprovalObtained when an order has none yet', () => {
    const approval = Approval.confirmed(ORDER, NOW);
    expect(approval.status).toBe('APPROVED');
    expect(approval.confirmedAt).toBe(NOW);
    expect(approval.facts).toEqual([approvalObtained]);
  });

  it('starts CANCELLED when the cancellation comes first', () => {
    const approval = Approval.cancelled(ORDER, NOW);
    expect(approval.state).toEqual({ status: 'CANCELLED', cancelledAt: NOW });
    expect(approval.facts).toEqual([cancelRequested]);
  });

  it('starts REJECTED when equipment rejects an unknown approval', () => {
    const approval = Approval.rejected(ORDER, 'OUT_OF_STOCK', NOW);
    expect(approval.state).toEqual({ status: 'REJECTED', rejectedAt: NOW, reason: 'OUT_OF_STOCK' });
    expect(approval.facts).toEqual([approvalRejected]);
  });

  describe('when unconfirmed', () => {
    it('is confirmed once, with the units of the order', () => {
      const approval = anUnconfirmedApproval();
      approval.confirm(ORDER, NOW);
      approval.confirm(OTHER_UNITS, NOW);
      expect(approval.changed).toBe(true);
      expect(approval.subject).toEqual(ORDER);
      expect(approval.state).toEqual(states.APPROVED);
      expect(approval.facts).toEqual([approvalObtained]);
    });

    it('is cancelled with the units of the order', () => {
      const approval = anUnconfirmedApproval();
      approval.cancel(ORDER, NOW);
      approval.confirm(ORDER, NOW);
      expect(approval.subject).toEqual(ORDER);
      expect(approval.status).toBe('CANCELLED');
      expect(approval.facts).toEqual([cancelRequested]);
    });

    it('is rejected with the units of the order', () => {
      const approval = anUnconfirmedApproval();
      approval.reject(ORDER, 'OUT_OF_STOCK', NOW);
      expect(approval.subject).toEqual(ORDER);
      expect(approval.status).toBe('REJECTED');
      expect(approval.facts).toEqual([approvalRejected]);
    });
  });

  describe('when confirmed', () => {
    it('is not confirmed again', () => {
      const approval = anApproval('APPROVED');
      approval.confirm(OTHER_UNITS, NOW);
      expect(approval.changed).toBe(false);
      expect(approval.subject).toEqual(ORDER);
      expect(approval.facts).toEqual([]);
    });

    it('is cancelled once', () => {
      const approval = anApproval('APPROVED');
      approval.cancel(ORDER, NOW);
      approval.cancel(ORDER, NOW);
      expect(approval.state).toEqual({
        status: 'CANCELLED',
        approvedAt: EARLIER,
        cancelledAt: NOW,
      });
      expect(approval.facts).toEqual([cancelRequested]);
    });

    it('is rejected once', () => {
      const approval = anApproval('APPROVED');
      approval.reject(ORDER, 'OUT_OF_STOCK', NOW);
      approval.reject(ORDER, 'UNKNOWN_EQUIPMENT', NOW);
      expect(approval.state).toEqual({ ...states.REJECTED, approvedAt: EARLIER, rejectedAt: NOW });
      expect(approval.facts).toEqual([approvalRejected]);
    });
  });

  it.each(['CANCELLED', 'REJECTED'] as const)('stays %s', (status) => {
    const approval = anApproval(status);
    approval.confirm(ORDER, NOW);
    approval.cancel(ORDER, NOW);
    approval.reject(ORDER, 'OUT_OF_STOCK', NOW);
    expect(approval.state).toEqual(states[status]);
    expect(approval.changed).toBe(false);
    expect(approval.facts).toEqual([]);
  });
});
