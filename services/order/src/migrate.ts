import { postgresConfig, runMigrations } from '@equipmgnt/database';
import { readConfig } from '@equipmgnt/runtime';
import { orderDatabase } from './order.database.ts';

await runMigrations('order', () => orderDatabase(readConfig(postgresConfig)));
