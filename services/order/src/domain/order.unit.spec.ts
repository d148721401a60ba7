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

/** An order of 2 units of equipment 3. */
const anOrder = (status: OrderStatus) =>
  new Order({
    id: 1,
    details: { equipmentId: 3, qty: 2, orderedAt: EARLIER },
    state: states[status],
  });

describe('Order', () => {
  describe('when approved', () => {
    it('becomes APPROVED, if it was ORDERED', () => {
      const order = anOrder('ORDERED');
      order.approve(APPROVAL, NOW);
      expect(order.state).toEqual({ status: 'APPROVED', approvalId: 7, approvedAt: NOW });
      expect(order.facts).toEqual([]); // ApprovalObtained is the event for it
    });

    it.each([
      ['another equipment', { ...APPROVAL, equipmentId: 4 }],
      ['another quantity', { ...APPROVAL, qty: 1 }],
    ])('stays ORDERED, if the approval is for %s', (_, approval) => {
      const order = anOrder('ORDERED');
      expect(order.isFor(approval)).toBe(false);
      order.approve(approval, NOW);
      expect(order.state).toEqual(states.ORDERED);
      expect(order.changed).toBe(false);
    });

    it.each(['APPROVED', 'CANCELLED', 'REJECTED'] as const)('stays %s', (status) => {
      const order = anOrder(status);
      order.approve(APPROVAL, NOW);
      expect(order.state).toEqual(states[status]);
      expect(order.changed).toBe(false);
    });
  });

  describe('when its approval is rejected', () => {
    it.each(['ORDERED', 'APPROVED'] as const)('becomes REJECTED, if it was %s', (status) => {
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
    it.each(['ORDERED', 'APPROVED'] as const)('publishes one event, if it was %s', (status) => {
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

    it('keeps the id of its approval', () => {
      const order = anOrder('APPROVED');
      order.cancel(NOW);
      expect(order.state).toMatchObject({ approvalId: 7, approvedAt: EARLIER });
    });

    it('throws a conflict, if it was REJECTED', () => {
      expect(() => anOrder('REJECTED').cancel(NOW)).toThrow(
        /is REJECTED and cannot become CANCELLED/,
      );
    });
  });

  describe('when a client requests a status', () => {
    const allowed: [OrderStatus, OrderStatus][] = [
      ...orderStatuses.map((status): [OrderStatus, OrderStatus] => [status, status]),
      ['ORDERED', 'CANCELLED'],
      ['APPROVED', 'CANCELLED'],
    ];
    const all = orderStatuses.flatMap((from) => orderStatuses.map((to) => [from, to] as const));

    it.each(all)('from %s to %s follows the state machine', (from, to) => {
      const order = anOrder(from);
      if (allowed.some(([a, b]) => a === from && b === to)) {
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
