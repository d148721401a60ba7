import { topics } from '@equipmgnt/contracts';
import { postgresOptions, type PostgresConfig } from '@equipmgnt/database';
import { outboxMigrations } from '@equipmgnt/messaging';
import { orderEntity } from './outbound/postgres/order.rows.ts';
import { migrations } from './outbound/postgres/migrations/index.ts';

/** The options of order's database. */
export const orderDatabase = (config: PostgresConfig) =>
  postgresOptions('order', config, {
    entities: [orderEntity],
    migrations: [...outboxMigrations(topics.order), ...migrations],
  });
