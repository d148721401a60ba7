import {
  differences,
  ofOrder,
  only,
  remove,
  row,
  type CorruptionCase,
} from './testing/sample-run.ts';

describe('checkAnswers', () => {
  const cases: CorruptionCase[] = [
    [
      'an order that is lost',
      ({ final }) => remove(final.orders, row(1)),
      'order 1 was acknowledged to key k-1 (2 of equipment 1), but does not exist',
    ],
    [
      'an order that was created twice',
      ({ final }) => final.orders.push({ ...only(final.orders, row(1)), id: 99 }),
      'order 99 (2 of equipment 1) exists, but was acknowledged to no client',
    ],
    [
      'an order whose request was refused',
      ({ final }) => final.orders.push({ ...only(final.orders, row(1)), id: 99, qty: 4 }),
      'order 99 (4 of equipment 1) exists, but was acknowledged to no client; key k-9 requested the same and was refused',
    ],
    [
      'an order for other units than requested',
      ({ final }) => (only(final.orders, row(1)).qty = 1),
      'order 1 is for 1 of equipment 1, but key k-1 ordered 2 of equipment 1',
    ],
    [
      'a key with two orders',
      ({ history: { orders } }) =>
        orders[0]?.answers.push({ kind: 'acknowledged', at: 99, orderId: 3, status: 'ORDERED' }),
      'key k-1 was given several orders: 1, 3',
    ],
    [
      'an order with two keys',
      ({ history: { orders } }) =>
        orders[0]?.answers.push({ kind: 'acknowledged', at: 99, orderId: 3, status: 'ORDERED' }),
      'order 3 was given to several keys: k-1, k-3',
    ],
    [
      'a key whose stored answer changed',
      ({ history: { orders } }) =>
        orders[0]?.answers.push({ kind: 'acknowledged', at: 99, orderId: 1, status: 'APPROVED' }),
      'key k-1 got different statuses: ORDERED, APPROVED',
    ],
    [
      'a request that is both refused and acknowledged',
      ({ history: { orders } }) =>
        orders[0]?.answers.push({ kind: 'refused', at: 99, httpStatus: 422 }),
      'key k-1 was refused at 0.099 s, but acknowledged as order 1 at 0.002 s',
    ],
    [
      'a request whose outcome is still unknown',
      ({ history: { orders } }) => orders[5]?.answers.pop(),
      'key k-6 (1 of equipment 2, sent at 0.011 s) never got a definite answer; the last failed: timeout',
    ],
    [
      'a request without any answer',
      ({ history: { orders } }) => orders[0]?.answers.pop(),
      'key k-1 (2 of equipment 1, sent at 0.001 s) never got a definite answer',
    ],
    [
      'an order that is never approved or rejected',
      ({ final }) => (only(final.orders, row(1)).status = 'ORDERED'),
      'order 1 is still ORDERED at the end',
    ],
    [
      'a status that does not exist',
      ({ final }) => (only(final.orders, row(1)).status = 'LOST'),
      'order 1 ends as "LOST", which is not a status',
    ],
    [
      'a cancellation that was acknowledged and has no effect',
      ({ final }) => (only(final.orders, row(2)).status = 'APPROVED'),
      'the cancellation of order 2, sent at 0.045 s, was acknowledged, but the order ends APPROVED',
    ],
    [
      'a cancellation that was refused and has an effect',
      ({ final }) => (only(final.orders, row(7)).status = 'CANCELLED'),
      'the cancellation of order 7, sent at 0.119 s, was refused, but the order ends CANCELLED',
    ],
    [
      'a cancellation without an answer',
      ({ history }) => (only(history.cancellations, ofOrder(2)).outcome = 'unknown'),
      'the cancellation of order 2, sent at 0.045 s, never got an answer',
    ],
    [
      'a cancellation of a lost order',
      ({ final }) => remove(final.orders, row(2)),
      'the cancellation of order 2, sent at 0.045 s, is for an order that does not exist',
    ],
    [
      'a cancelled order that no client cancelled',
      ({ history }) => remove(history.cancellations, ofOrder(2)),
      'order 2 is CANCELLED, but no client cancelled it',
    ],
  ];
  it.each(cases)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});
