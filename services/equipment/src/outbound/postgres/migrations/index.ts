import { topics } from '@equipmgnt/contracts';
import { countRows, CreateIdempotencyKeys1700000000004 } from '@equipmgnt/database';
import { outboxMigrations } from '@equipmgnt/messaging';
import { CreateEquipments1700000000001 } from './1700000000001-create-equipments.ts';

/** Every migration of this service's database; TypeORM runs them in the order of their numbers. */
export const migrations = [
  ...outboxMigrations(topics.equipment),
  CreateEquipments1700000000001,
  CreateIdempotencyKeys1700000000004,
  countRows('equipments'),
];
