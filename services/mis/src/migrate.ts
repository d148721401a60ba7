import { mariadbConfig, runMigrations } from '@equipmgnt/database';
import { readConfig } from '@equipmgnt/runtime';
import { misDatabase } from './mis.database.ts';

await runMigrations('mis', () => misDatabase(readConfig(mariadbConfig)));
