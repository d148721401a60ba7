import type { Run } from '../record.ts';
import { differences, type Writable } from './testing/faults.ts';

/** Order 2 is CANCELLED from 0.046 s on. */
const seen =
  (...sightings: [status: string, from: number, to: number][]) =>
  ({ history }: Writable<Run>) => {
    for (const [status, from, to] of sightings) {
      history.sightings.push({ orderId: 2, status, from, to });
    }
  };

describe('check of histories', () => {
  it('finds an order that left a final state', () => {
    expect(differences(seen(['APPROVED', 48, 49]))).toEqual([
      'order 2 was CANCELLED at 0.047 s, yet APPROVED when asked at 0.048 s',
    ]);
  });

  it('finds an order that went back to waiting', () => {
    expect(differences(seen(['ORDERED', 40, 41]))).toEqual([
      'order 2 was APPROVED at 0.034 s, yet ORDERED when asked at 0.040 s',
    ]);
  });

  it('lets answers cross on their way', () => {
    expect(differences(seen(['ORDERED', 1, 99], ['APPROVED', 47, 99]))).toEqual([]);
  });

  it('finds an order that ended where it cannot have come to', () => {
    expect(differences(seen(['REJECTED', 1, 99]))).toEqual([
      'order 2 was REJECTED at 0.099 s, but ends CANCELLED',
    ]);
  });

  it('finds an order that a client saw and that does not exist', () => {
    const change = ({ history }: Writable<Run>) =>
      history.sightings.push({ orderId: 99, status: 'ORDERED', from: 1, to: 2 });
    expect(differences(change)).toEqual(['order 99 was ORDERED at 0.002 s, but does not exist']);
  });

  it('finds a status that does not exist', () => {
    expect(differences(seen(['PENDING', 1, 2]))).toEqual([
      'order 2 was PENDING at 0.002 s, which is no status',
    ]);
  });

  it('takes an answer that is repeated for one of the moment when it was first asked', () => {
    const change = ({ history: { orders } }: Writable<Run>) =>
      orders[1]?.answers.push({ kind: 'acknowledged', at: 999, orderId: 2, status: 'ORDERED' });
    expect(differences(change)).toEqual([]);
  });
});
