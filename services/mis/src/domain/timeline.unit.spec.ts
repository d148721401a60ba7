import { rentalEvents, type RentalEvent } from './rental.ts';
import { inCausalOrder } from './timeline.ts';

const HOUR_MS = 3_600_000;
const start = Date.UTC(2026, 0, 2);

type Publisher = 'order' | 'approval' | 'equipment';

const publisherOf = (name: string): Publisher =>
  name.startsWith('Stock') ? 'equipment' : name.startsWith('Order') ? 'order' : 'approval';

/** The history of an order, one event a second, by clocks that are wrong by some hours. */
const history = (names: readonly string[], hours: Partial<Record<Publisher, number>> = {}) =>
  names.map((name, second) => ({
    type: `equipmgnt.${name}.v1` as RentalEvent,
    at: new Date(start + second * 1_000 + (hours[publisherOf(name)] ?? 0) * HOUR_MS),
  }));

const histories = [
  ['Ordered', 'ApprovalObtained', 'StockDecreased'],
  ['Ordered', 'OrderCancelled', 'CancelRequested'],
  ['Ordered', 'ApprovalObtained', 'StockRejected', 'ApprovalRejected'],
  ['Ordered', 'ApprovalObtained', 'OrderRejected', 'CancelRequested'],
];
const skews = (['order', 'approval', 'equipment'] as const).flatMap((service) =>
  [-1, 1].map((hours) => ({ [service]: hours })),
);

describe('A timeline', () => {
  it.each(histories.flatMap((names) => skews.map((skew) => [names, skew] as const)))(
    'has every cause before its effect: %j with clocks wrong by %j hours',
    (names, skew) => {
      const moments = history(names, skew);
      expect(inCausalOrder(moments.toReversed())).toEqual(moments);
    },
  );

  it.each(skews)('has the causes of a returned unit before it, with clocks wrong by %j', (skew) => {
    const moments = history(
      [
        'Ordered',
        'ApprovalObtained',
        'StockDecreased',
        'OrderCancelled',
        'CancelRequested',
        'StockIncreased',
      ],
      skew,
    );
    const sorted = inCausalOrder(moments);
    expect(new Set(sorted)).toEqual(new Set(moments));
    const place = (name: string) => sorted.findIndex(({ type }) => type === `equipmgnt.${name}.v1`);
    expect(place('Ordered')).toBe(0);
    expect(place('ApprovalObtained')).toBeLessThan(place('StockDecreased'));
    expect(place('OrderCancelled')).toBeLessThan(place('CancelRequested'));
    expect(place('StockIncreased')).toBe(5);
  });

  it('is sorted by time where no event is the cause of the other', () => {
    for (const names of [
      ['Ordered', 'OrderCancelled', 'ApprovalObtained', 'StockDecreased', 'CancelRequested'],
      ['Ordered', 'ApprovalObtained', 'StockDecreased', 'OrderCancelled', 'CancelRequested'],
    ]) {
      const moments = history(names);
      expect(inCausalOrder(moments.toReversed())).toEqual(moments);
    }
  });

  it('has a cause before its effect although an event between them is missing', () => {
    const moments = history(['Ordered', 'StockDecreased'], { equipment: -1 });
    expect(inCausalOrder(moments.toReversed())).toEqual(moments);
  });

  it('has every event', () => {
    const moments = rentalEvents.map((type) => ({ type, at: new Date(start) }));
    expect(new Set(inCausalOrder(moments))).toEqual(new Set(moments));
  });
});
