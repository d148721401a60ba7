import { differences, ofOrder, only, remove, row, type Planted } from './testing/faults.ts';

describe('check of what clients were told', () => {
  const planted: Planted[] = [
    [
      'an order that is lost',
      ({ final }) => remove(final.orders, row(1)),
      'order 1 was acknowledged to key k-1 (2 of equipment 1), but does not exist',
    ],
    [
      'an order that was made twice',
      ({ final }) => final.orders.push({ ...only(final.orders, row(1)), id: 99 }),
      'order 99 (2 of equipment 1) exists, but no client was told of it',
    ],
    [
      'an order of a request that was refused',
      ({ final }) => final.orders.push({ ...only(final.orders, row(1)), id: 99, qty: 4 }),
      'order 99 (4 of equipment 1) exists, but no client was told of it; key k-9 asked for as much and was refused',
    ],
    [
      'an order for something else',
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
      'a key whose kept answer changed',
      ({ history: { orders } }) =>
        orders[0]?.answers.push({ kind: 'acknowledged', at: 99, orderId: 1, status: 'APPROVED' }),
      'key k-1 was told different statuses: ORDERED, APPROVED',
    ],
    [
      'a request that is both refused and acknowledged',
      ({ history: { orders } }) =>
        orders[0]?.answers.push({ kind: 'refused', at: 99, httpStatus: 422 }),
      'key k-1 was refused at 0.099 s, yet acknowledged as order 1 at 0.002 s',
    ],
    [
      'a request whose outcome stayed unknown',
      ({ history: { orders } }) => orders[5]?.answers.pop(),
      'key k-6 (1 of equipment 2, sent at 0.011 s) never got an answer that says whether it is taken; the last failed: timeout',
    ],
    [
      'a request without any answer',
      ({ history: { orders } }) => orders[0]?.answers.pop(),
      'key k-1 (2 of equipment 1, sent at 0.001 s) never got an answer that says whether it is taken',
    ],
    [
      'an order that waits for ever',
      ({ final }) => (only(final.orders, row(1)).status = 'ORDERED'),
      'order 1 still waits: it ends ORDERED',
    ],
    [
      'a status that does not exist',
      ({ final }) => (only(final.orders, row(1)).status = 'LOST'),
      'order 1 ends as "LOST", which is no status',
    ],
    [
      'a cancellation that was acknowledged and forgotten',
      ({ final }) => (only(final.orders, row(2)).status = 'APPROVED'),
      'the cancellation of order 2, sent at 0.045 s, was acknowledged, but the order ends APPROVED',
    ],
    [
      'a cancellation that was refused and done',
      ({ final }) => (only(final.orders, row(7)).status = 'CANCELLED'),
      'the cancellation of order 7, sent at 0.119 s, was refused, but the order ends CANCELLED',
    ],
    [
      'a cancellation without an answer',
      ({ history }) => (only(history.cancellations, ofOrder(2)).outcome = 'unknown'),
      'the cancellation of order 2, sent at 0.045 s, never got an answer',
    ],
    [
      'a cancellation of an order that is lost',
      ({ final }) => remove(final.orders, row(2)),
      'the cancellation of order 2, sent at 0.045 s, is for an order that does not exist',
    ],
    [
      'a cancellation that nobody asked for',
      ({ history }) => remove(history.cancellations, ofOrder(2)),
      'order 2 is CANCELLED, but nobody cancelled it',
    ],
  ];
  it.each(planted)('finds %s', (_, change, expected) => {
    expect(differences(change)).toContain(expected);
  });
});
