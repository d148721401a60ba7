import { countRows, CreateIdempotencyKeys1700000000004 } from '@equipmgnt/database';
import { CreateApprovals1700000000001 } from './1700000000001-create-approvals.ts';
import { AddConfirmedAt1700000000003 } from './1700000000003-add-confirmed-at.ts';
import { HotUpdates1700000000005 } from './1700000000005-hot-updates.ts';

/** In the order in which they run. */
export const migrations = [
  CreateApprovals1700000000001,
  AddConfirmedAt1700000000003,
  CreateIdempotencyKeys1700000000004,
  HotUpdates1700000000005,
  countRows('approvals'),
];
