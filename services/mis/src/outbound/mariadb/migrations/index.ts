import { CreateMis1700000000001 } from './1700000000001-create-mis.ts';
import { WidenDetails1700000000002 } from './1700000000002-widen-details.ts';
import { AddRequester1700000000003 } from './1700000000003-add-requester.ts';
import { CountRentals1700000000004 } from './1700000000004-count-rentals.ts';

/** Every migration of this service's database; TypeORM runs them in the order of their numbers. */
export const migrations = [
  CreateMis1700000000001,
  WidenDetails1700000000002,
  AddRequester1700000000003,
  CountRentals1700000000004,
];
