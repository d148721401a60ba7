import type { Order } from '../domain/order.ts';
import type { Orders } from './orders.ts';

/**
 * Changes orders and saves them. Repeats this for the orders that another transaction changed in the
 * meantime. This ends, because the status of an order only moves forward.
 * @returns the orders that exist, as they are after the change
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
