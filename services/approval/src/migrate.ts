import { postgresConfig, runMigrations } from '@equipmgnt/database';
import { readConfig } from '@equipmgnt/runtime';
import { approvalDatabase } from './approval.database.ts';

await runMigrations('approval', () => approvalDatabase(readConfig(postgresConfig)));
