/** An order in the view, with its time by order's clock. */
export interface PlacedOrder {
  readonly orderId: number;
  readonly orderedAt: Date;
}

/** What the view shows around an order that it does not show. */
export interface ViewProgress {
  /** Whether another event of the order has arrived. */
  readonly hasOtherEvent: boolean;
  /** The first shown order with a higher id. */
  readonly next?: PlacedOrder;
  /** The shown order with the highest id. */
  readonly last?: PlacedOrder;
}

/** More than one PostgreSQL can place: an order costs it about 3 ms of CPU (docs/cost-of-an-order.md). */
const MAX_ORDERS_PER_S = 10_000;
/** Longer than the statement that places an order may take (10 s), plus differences of clocks. */
const SETTLED_MS = 60_000;

/**
 * How many orders the view may lack, up to one that it does not show. 0 if that order does not exist.
 *
 * Order assigns its ids in ascending order. So an order after the last shown one may still come, if so
 * many orders can have been placed since then. An order before the last one may still come until the
 * view has gone on for a minute of order's time, because transactions and partitions overtake each other.
 */
export function ordersBehind(
  id: number,
  { hasOtherEvent, next, last }: ViewProgress,
  now: Date,
): number {
  if (last === undefined) return id;
  const missing = id - last.orderId;
  if (missing > 0) {
    const elapsedMs = Math.max(0, now.getTime() - last.orderedAt.getTime()) + SETTLED_MS;
    const isPossible = missing <= (MAX_ORDERS_PER_S * elapsedMs) / 1_000;
    return hasOtherEvent || isPossible ? missing : 0;
  }
  const passed = next && last.orderedAt.getTime() - next.orderedAt.getTime() > SETTLED_MS;
  return hasOtherEvent || !passed ? 1 : 0;
}
