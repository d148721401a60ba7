import { topics } from '@equipmgnt/contracts';
import { postgresOptions, type PostgresConfig } from '@equipmgnt/database';
import { outboxMigrations } from '@equipmgnt/messaging';
import { approvalEntity } from './outbound/postgres/approval.rows.ts';
import { migrations } from './outbound/postgres/migrations/index.ts';

/** The options of approval's database. */
export const approvalDatabase = (config: PostgresConfig) =>
  postgresOptions('approval', config, {
    entities: [approvalEntity],
    migrations: [...outboxMigrations(topics.approval), ...migrations],
  });
