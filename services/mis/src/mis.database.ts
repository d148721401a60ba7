import { mariadbOptions, type DatabaseConfig } from '@equipmgnt/database';
import { migrations } from './outbound/mariadb/migrations/index.ts';

/** The options of mis's database. */
export const misDatabase = (config: DatabaseConfig) =>
  mariadbOptions(config, { entities: [], migrations });
