import { ordersBehind, type PlacedOrder } from './view-progress.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const HOUR_S = 3_600;
/** An order that was placed some seconds ago. */
const placed = (orderId: number, secondsAgo: number): PlacedOrder => ({
  orderId,
  orderedAt: new Date(NOW.getTime() - secondsAgo * 1_000),
});

describe('The view may lack', () => {
  it.each([
    ['an order right after the last one', 42, placed(41, 0), 1],
    ['the last of many new orders', 5_041, placed(41, 1), 5_000],
    ['an order after an outage of an hour', 41 + 10_000 * HOUR_S, placed(41, HOUR_S), 36_000_000],
    ['an order when the clock of order is ahead', 42, placed(41, -HOUR_S), 1],
    ['any order while it is empty', 42, undefined, 42],
  ])('%s', (_, id, last, behind) => {
    expect(ordersBehind(id, { hasOtherEvent: false, ...(last && { last }) }, NOW)).toBe(behind);
  });

  it('an order that transactions or partitions have overtaken', () => {
    const progress = { hasOtherEvent: false, next: placed(43, 20), last: placed(900, 1) };
    expect(ordersBehind(42, progress, NOW)).toBe(1);
  });

  it('an overtaken order, also long after the last order', () => {
    const last = placed(43, 24 * HOUR_S);
    expect(ordersBehind(42, { hasOtherEvent: false, next: last, last }, NOW)).toBe(1);
  });

  it('an order of which another event has arrived', () => {
    const progress = { next: placed(43, HOUR_S), last: placed(900, 1) };
    expect(ordersBehind(42, { ...progress, hasOtherEvent: true }, NOW)).toBe(1);
    expect(ordersBehind(42, { ...progress, hasOtherEvent: false }, NOW)).toBe(0);
    const far = 999_999_999;
    expect(ordersBehind(far, { last: placed(900, 1), hasOtherEvent: true }, NOW)).toBe(far - 900);
  });
});

describe('The view knows that an order does not exist', () => {
  it('when its id is so high that it cannot have been assigned yet', () => {
    expect(ordersBehind(999_999_999, { hasOtherEvent: false, last: placed(41, 5) }, NOW)).toBe(0);
  });

  it('when the view has gone on for more than a minute after it', () => {
    const progress = { hasOtherEvent: false, next: placed(43, 62), last: placed(900, 1) };
    expect(ordersBehind(42, progress, NOW)).toBe(0);
  });
});
