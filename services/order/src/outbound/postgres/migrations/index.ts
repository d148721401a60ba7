import { countRows } from '@equipmgnt/database';
import { CreateOrders1700000000001 } from './1700000000001-create-orders.ts';
import { HotUpdates1700000000005 } from './1700000000005-hot-updates.ts';
import { AddRequester1700000000006 } from './1700000000006-add-requester.ts';

/** In the order in which they run. */
export const migrations = [
  CreateOrders1700000000001,
  HotUpdates1700000000005,
  AddRequester1700000000006,
  countRows('orders'),
];
