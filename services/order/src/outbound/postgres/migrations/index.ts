import { CreateOrders1700000000001 } from './1700000000001-create-orders.ts';

/** In the order in which they run. */
export const migrations = [CreateOrders1700000000001];
