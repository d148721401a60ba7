import type { RunRecord, Writable } from '../run-record.ts';
import { differences } from './testing/sample-run.ts';

/** Order 2 is CANCELLED from 0.046 s on. */
const seen =
  (...sightings: [status: string, from: number, to: number][]) =>
  ({ history }: Writable<RunRecord>) => {
    for (const [status, from, to] of sightings) {
      history.sightings.push({ orderId: 2, status, from, to });
    }
  };

describe('checkStatusHistory', () => {
  it('finds an order that left a final state', () => {
    expect(differences(seen(['APPROVED', 48, 49]))).toEqual([
      'order 2 was CANCELLED at 0.047 s, but APPROVED when requested at 0.048 s',
    ]);
  });

  it('finds an order that returned to ORDERED', () => {
    expect(differences(seen(['ORDERED', 40, 41]))).toEqual([
      'order 2 was APPROVED at 0.034 s, but ORDERED when requested at 0.040 s',
    ]);
  });

  it('accepts concurrent answers in any order', () => {
    expect(differences(seen(['ORDERED', 1, 99], ['APPROVED', 47, 99]))).toEqual([]);
  });

  it('finds a final state that cannot follow a seen state', () => {
    expect(differences(seen(['REJECTED', 1, 99]))).toEqual([
      'order 2 was REJECTED at 0.099 s, but ends CANCELLED',
    ]);
  });

  it('finds an order that a client saw, but that does not exist', () => {
    const change = ({ history }: Writable<RunRecord>) =>
      history.sightings.push({ orderId: 99, status: 'ORDERED', from: 1, to: 2 });
    expect(differences(change)).toEqual(['order 99 was ORDERED at 0.002 s, but does not exist']);
  });

  it('finds a status that does not exist', () => {
    expect(differences(seen(['PENDING', 1, 2]))).toEqual([
      'order 2 was PENDING at 0.002 s, which is not a status',
    ]);
  });

  it('accepts an old status in the repeated answer to a retry', () => {
    const change = ({ history: { orders } }: Writable<RunRecord>) =>
      orders[1]?.answers.push({ kind: 'acknowledged', at: 999, orderId: 2, status: 'ORDERED' });
    expect(differences(change)).toEqual([]);
  });
});
