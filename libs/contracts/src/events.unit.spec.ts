import { asyncApiDocument } from './asyncapi.ts';
import { events, isEventType, topics } from './events.ts';

const RETIRED = 'equipmgnt.OrderRejected.v1';

describe('A retired event type', () => {
  it('is still readable', () => {
    const data = { orderId: 1, equipmentId: 2, qty: 3, reason: 'APPROVAL_MISMATCH' };
    expect(isEventType(RETIRED)).toBe(true);
    expect(events[RETIRED].topic).toBe(topics.order);
    expect(events[RETIRED].data.parse(data)).toEqual(data);
  });

  it('is not part of the AsyncAPI document', () => {
    const document = JSON.stringify(asyncApiDocument());
    expect(document).toContain('OrderCancelled');
    expect(document).not.toContain('OrderRejected');
  });
});
