import { CreateOrders1700000000001 } from './1700000000001-create-orders.ts';
import { HotUpdates1700000000005 } from './1700000000005-hot-updates.ts';

/** In the order in which they run. */
export const migrations = [CreateOrders1700000000001, HotUpdates1700000000005];
