import { postgresConfig, runMigrations } from '@equipmgnt/database';
import { readConfig } from '@equipmgnt/runtime';
import { equipmentDatabase } from './equipment.database.ts';

await runMigrations('equipment', () => equipmentDatabase(readConfig(postgresConfig)));
