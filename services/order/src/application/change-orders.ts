import type { Order } from '../domain/order.ts';
import type { Orders } from './orders.ts';

/**
 * Changes orders and saves them, once more from the start for those that somebody else changed
 * meanwhile. Ends, because an order's status only ever moves forward.
 * @returns the orders that exist, as they stand afterwards
 */
export async function changeOrders(
  orders: Orders,
  ids: readonly number[],
  change: (order: Order) => void,
): Promise<Order[]> {
  const done: Order[] = [];
  let left = ids;
  while (left.length > 0) {
    const loaded = await orders.find(left);
    for (const order of loaded) change(order);
    const changed = loaded.filter((order) => order.changed);
    const saved = await orders.save(changed);
    const overtaken = changed.filter((order) => !saved.has(order.id));
    done.push(...loaded.filter((order) => !overtaken.includes(order)));
    left = overtaken.map((order) => order.id);
  }
  return done;
}
