import { postgresOptions, type PostgresConfig } from '@equipmgnt/database';
import { equipmentEntity } from './outbound/postgres/equipment.rows.ts';
import { migrations } from './outbound/postgres/migrations/index.ts';

/** The options of equipment's database. */
export const equipmentDatabase = (config: PostgresConfig) =>
  postgresOptions('equipment', config, { entities: [equipmentEntity], migrations });
