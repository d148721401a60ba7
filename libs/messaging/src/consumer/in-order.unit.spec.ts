import type { EventType } from '@equipmgnt/contracts';
import fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import { inOrder, type Delivery } from './in-order.ts';

const OBTAINED = 'equipmgnt.ApprovalObtained.v1';
const CANCEL = 'equipmgnt.CancelRequested.v1';
const REJECTED = 'equipmgnt.ApprovalRejected.v1';

let offset = 0;
const delivery = (key: string, type: EventType): Delivery => ({
  message: { offset: String(offset++) } as KafkaMessage,
  event: { id: `${offset}`, type, key, time: new Date(0), data: {} } as Delivery['event'],
});

const shown = (groups: Delivery[][]) =>
  groups.map((group) => `${group[0]?.event.type.split('.')[1]}: ${group.map((d) => d.event.key)}`);

describe('inOrder', () => {
  it('puts events of one type into one group', () => {
    const batch = ['1', '2', '3'].map((key) => delivery(key, OBTAINED));
    expect(shown(inOrder(batch))).toEqual(['ApprovalObtained: 1,2,3']);
  });

  it('groups by type when types alternate between keys', () => {
    const batch = [
      delivery('1', OBTAINED),
      delivery('2', CANCEL),
      delivery('3', OBTAINED),
      delivery('4', CANCEL),
    ];
    expect(shown(inOrder(batch))).toEqual(['ApprovalObtained: 1,3', 'CancelRequested: 2,4']);
  });

  it('puts an event after all earlier ones with its key', () => {
    const batch = [
      delivery('1', OBTAINED),
      delivery('1', CANCEL),
      delivery('2', OBTAINED),
      delivery('2', CANCEL),
    ];
    expect(shown(inOrder(batch))).toEqual(['ApprovalObtained: 1,2', 'CancelRequested: 1,2']);
  });

  it('splits a group that is too large for one transaction', () => {
    const groups = inOrder(Array.from({ length: 1201 }, (_, i) => delivery(`${i}`, OBTAINED)));
    expect(groups.map((group) => group.length)).toEqual([500, 500, 201]);
  });

  it('loses nothing, mixes no types and keeps the order of every key, for any batch', () => {
    const event = fc.record({
      key: fc.constantFrom('1', '2', '3', '4'),
      type: fc.constantFrom<EventType>(OBTAINED, CANCEL, REJECTED),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const batch = events.map(({ key, type }) => delivery(key, type));
        const groups = inOrder(batch);
        for (const group of groups) expect(new Set(group.map((d) => d.event.type)).size).toBe(1);
        for (const key of ['1', '2', '3', '4']) {
          const ofKey = (deliveries: Delivery[]) => deliveries.filter((d) => d.event.key === key);
          expect(ofKey(groups.flat())).toEqual(ofKey(batch));
        }
        expect(groups.flat().length).toBe(batch.length);
      }),
    );
  });
});
