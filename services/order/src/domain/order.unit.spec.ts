import { Order, orderStatuses, type OrderState, type OrderStatus } from './order.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const EARLIER = new Date('2026-01-02T03:00:00Z');
const APPROVAL = { approvalId: 7, equipmentId: 3, qty: 2 };

const states: Record<OrderStatus, OrderState> = {
  ORDERED: { status: 'ORDERED' },
  APPROVED: { status: 'APPROVED', approvalId: 7, approvedAt: EARLIER },
  CANCELLED: { status: 'CANCELLED', cancelledAt: EARLIER },
  REJECTED: { status: 'REJECTED', reason: 'OUT_OF_STOCK', rejectedAt: EARLIER },
};

/** An order of 2 × equipment 3, in a given status. */
const anOrder = (status: OrderStatus) => new Order(1, 3, 2, EARLIER, states[status]);

describe('Order', () => {
  describe('when approved', () => {
    it('is established, if it was waiting', () => {
      const order = anOrder('ORDERED');
      order.approve(APPROVAL, NOW);
      expect(order.state).toEqual({ status: 'APPROVED', approvalId: 7, approvedAt: NOW });
      expect(order.facts).toEqual([]); // ApprovalObtained has told it already
    });

    it.each([
      ['another equipment', { ...APPROVAL, equipmentId: 4 }],
      ['another quantity', { ...APPROVAL, qty: 1 }],
    ])('is rejected, if the approval is for %s', (_, approval) => {
      const order = anOrder('ORDERED');
      order.approve(approval, NOW);
      expect(order.state).toEqual({
        status: 'REJECTED',
        approvalId: 7,
        rejectedAt: NOW,
        reason: 'APPROVAL_MISMATCH',
      });
      expect(order.facts).toEqual([
        {
          type: 'equipmgnt.OrderRejected.v1',
          data: { orderId: 1, equipmentId: 3, qty: 2, reason: 'APPROVAL_MISMATCH' },
          at: NOW,
        },
      ]);
    });

    it.each(['APPROVED', 'CANCELLED', 'REJECTED'] as const)('stays %s', (status) => {
      const order = anOrder(status);
      order.approve(APPROVAL, NOW);
      expect(order.state).toEqual(states[status]);
      expect(order.changed).toBe(false);
    });
  });

  describe('when its approval is withdrawn', () => {
    it.each(['ORDERED', 'APPROVED'] as const)('is rejected, if it was %s', (status) => {
      const order = anOrder(status);
      order.reject(7, 'OUT_OF_STOCK', NOW);
      expect(order.state).toMatchObject({
        status: 'REJECTED',
        reason: 'OUT_OF_STOCK',
        rejectedAt: NOW,
      });
    });

    it.each(['CANCELLED', 'REJECTED'] as const)('stays %s', (status) => {
      const order = anOrder(status);
      order.reject(7, 'UNKNOWN_EQUIPMENT', NOW);
      expect(order.state).toEqual(states[status]);
    });
  });

  describe('when cancelled', () => {
    it.each(['ORDERED', 'APPROVED'] as const)('says so once, if it was %s', (status) => {
      const order = anOrder(status);
      order.cancel(NOW);
      order.cancel(NOW);
      expect(order.state).toMatchObject({ status: 'CANCELLED', cancelledAt: NOW });
      expect(order.facts).toEqual([
        {
          type: 'equipmgnt.OrderCancelled.v1',
          data: { orderId: 1, equipmentId: 3, qty: 2 },
          at: NOW,
        },
      ]);
    });

    it('keeps the approval that it had', () => {
      const order = anOrder('APPROVED');
      order.cancel(NOW);
      expect(order.state).toMatchObject({ approvalId: 7, approvedAt: EARLIER });
    });

    it('refuses, if it was rejected', () => {
      expect(() => anOrder('REJECTED').cancel(NOW)).toThrow(
        /is REJECTED and cannot become CANCELLED/,
      );
    });
  });

  describe('when asked to change', () => {
    const granted: [OrderStatus, OrderStatus][] = [
      ...orderStatuses.map((status): [OrderStatus, OrderStatus] => [status, status]),
      ['ORDERED', 'CANCELLED'],
      ['APPROVED', 'CANCELLED'],
    ];
    const all = orderStatuses.flatMap((from) => orderStatuses.map((to) => [from, to] as const));

    it.each(all)('from %s to %s does as the state machine says', (from, to) => {
      const order = anOrder(from);
      if (granted.some(([a, b]) => a === from && b === to)) {
        order.changeTo(to, NOW);
        expect(order.status).toBe(to);
      } else {
        expect(() => order.changeTo(to, NOW)).toThrow(
          expect.objectContaining({ kind: 'conflict', code: 'forbidden-transition' }),
        );
        expect(order.state).toEqual(states[from]);
        expect(order.facts).toEqual([]);
      }
    });
  });
});
