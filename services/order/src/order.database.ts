import { topics } from '@equipmgnt/contracts';
import { postgresOptions, type DatabaseConfig } from '@equipmgnt/database';
import { outboxMigrations } from '@equipmgnt/messaging';
import { orderEntity } from './outbound/postgres/order.rows.ts';
import { migrations } from './outbound/postgres/migrations/index.ts';

/** The options of order's database. */
export const orderDatabase = (config: DatabaseConfig) =>
  postgresOptions('order', config, {
    entities: [orderEntity],
    migrations: [...outboxMigrations(topics.order), ...migrations],
  });
