import { postgresOptions, type DatabaseConfig } from '@equipmgnt/database';
import { equipmentEntity } from './outbound/postgres/equipment.rows.ts';
import { migrations } from './outbound/postgres/migrations/index.ts';

/** The options of equipment's database. */
export const equipmentDatabase = (config: DatabaseConfig) =>
  postgresOptions('equipment', config, { entities: [equipmentEntity], migrations });
