import { env } from '@equipmgnt/service';
import { z } from 'zod';
import type { DataSourceOptions, EntitySchema, MigrationInterface } from 'typeorm';

const pool = { DATABASE_POOL_SIZE: env.whole(1, 1_000, 10) };

export const postgresConfig = z.object({
  DATABASE_URL: env.url('postgres', 'postgresql'),
  ...pool,
});
export const mariadbConfig = z.object({ DATABASE_URL: env.url('mysql', 'mariadb'), ...pool });

export type DatabaseConfig = z.infer<typeof postgresConfig>;

export interface Schema {
  readonly entities: EntitySchema[];
  readonly migrations: (new () => MigrationInterface)[];
}

// A statement that hangs must not hang its caller: requests end in 503, messages are retried.
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_MS = 5_000;
const IDLE_IN_TRANSACTION_MS = 30_000;

/** How a service reaches its PostgreSQL database. Large integers are read as numbers. */
export const postgresOptions = (
  name: string,
  config: DatabaseConfig,
  schema: Schema,
): DataSourceOptions => ({
  type: 'postgres',
  url: config.DATABASE_URL,
  applicationName: name,
  poolSize: config.DATABASE_POOL_SIZE,
  connectTimeoutMS: CONNECT_TIMEOUT_MS,
  parseInt8: true,
  extra: {
    keepAlive: true,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  },
  ...schema,
});

/** How mis reaches its MariaDB database. Times are UTC, large integers are read as numbers. */
export const mariadbOptions = (config: DatabaseConfig, schema: Schema): DataSourceOptions => ({
  type: 'mariadb',
  url: config.DATABASE_URL.replace(/^mariadb:/, 'mysql:'),
  poolSize: config.DATABASE_POOL_SIZE,
  connectTimeout: CONNECT_TIMEOUT_MS,
  charset: 'utf8mb4',
  timezone: 'Z',
  supportBigNumbers: true,
  bigNumberStrings: false,
  extra: { queueLimit: 100 * config.DATABASE_POOL_SIZE, enableKeepAlive: true },
  ...schema,
});
