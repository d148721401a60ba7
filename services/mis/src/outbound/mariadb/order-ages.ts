import type { MetricsRegistry } from '@equipmgnt/runtime';
import type { RentalFact } from '../../domain/rental.ts';
import type { PlacedOrder } from '../../domain/view-progress.ts';

/** In seconds: from an order without load to one that waited for a service that was down. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];

/** How old orders are when other services have handled them, by the publishers' clocks. */
export class OrderAges {
  private readonly inView;
  private readonly toStock;

  constructor(metrics: MetricsRegistry) {
    this.inView = metrics.histogram({
      name: 'order_to_mis_seconds',
      help: 'From the placement of an order until the view shows it',
      buckets: BUCKETS,
    });
    this.toStock = metrics.histogram({
      name: 'order_to_stock_seconds',
      help: 'From the placement of an order until its units were taken from stock',
      buckets: BUCKETS,
    });
  }

  /** @param orders of these facts, as they are in the view now */
  observe(facts: readonly RentalFact[], orders: readonly PlacedOrder[]): void {
    const now = Date.now();
    const placed = new Map(orders.map(({ orderId, orderedAt }) => [orderId, orderedAt]));
    for (const { event, orderId, at } of facts) {
      const orderedAt = placed.get(orderId);
      if (!orderedAt) continue; // Ordered arrives later
      if (event === 'equipmgnt.Ordered.v1') observe(this.inView, now, orderedAt);
      if (event === 'equipmgnt.StockDecreased.v1') observe(this.toStock, at.getTime(), orderedAt);
    }
  }
}

/** Clocks may differ, so an age may be below 0. */
const observe = (histogram: { observe(value: number): void }, end: number, start: Date): void =>
  histogram.observe(Math.max(0, end - start.getTime()) / 1_000);
