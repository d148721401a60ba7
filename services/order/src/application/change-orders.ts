import { updateUntilSaved } from '@equipmgnt/kernel';
import type { Order } from '../domain/order.ts';
import type { Orders } from './orders.ts';

/**
 * Changes orders and saves them, also if other transactions change them in the meantime.
 * @returns the orders that exist, as they are after the change
 */
export const changeOrders = (
  orders: Orders,
  ids: readonly number[],
  change: (order: Order) => void,
): Promise<Order[]> =>
  updateUntilSaved(ids, {
    load: (some) => orders.find(some),
    change: (_, order) => {
      if (order) change(order);
      return order;
    },
    save: (changed) => orders.save(changed),
    idOf: ({ id }) => id,
  });
