import { env } from '@equipmgnt/runtime';
import { z } from 'zod';
import type { DataSourceOptions, EntitySchema, MigrationInterface } from 'typeorm';
import { mariadbSocket, postgresSocket } from './idle-timeout.ts';

/** Only DATABASE_TLS configures TLS: the drivers read `?sslmode=` differently, or not at all. */
const hasNoTlsParameter = (url: string): boolean =>
  ![...new URL(url).searchParams.keys()].some((name) => name.toLowerCase().startsWith('ssl'));

const configFor = (...protocols: string[]) =>
  z.object({
    DATABASE_URL: env
      .url(...protocols)
      .refine((url) => !URL.canParse(url) || hasNoTlsParameter(url), {
        error: 'expected no ssl… parameter in it; DATABASE_TLS=true asks for TLS',
      }),
    /** Connect with TLS only, and only to a server whose certificate is valid for its host name. */
    DATABASE_TLS: env.flag(false),
    /** Connections. The relay and two jobs use one each, so at least one is left for requests. */
    DATABASE_POOL_SIZE: env.whole(4, 1_000, 10),
  });

export const postgresConfig = configFor('postgres', 'postgresql').extend({
  /** Whether connections keep prepared statements. A pooler between transactions may not allow it. */
  DATABASE_PREPARED_STATEMENTS: env.flag(true),
});
export const mariadbConfig = configFor('mysql', 'mariadb');

export type DatabaseConfig = z.infer<typeof mariadbConfig>;
export type PostgresConfig = z.infer<typeof postgresConfig>;

export interface Schema {
  readonly entities: EntitySchema[];
  readonly migrations: (new () => MigrationInterface)[];
}

// A statement that hangs must not block its caller: requests end with 503, messages are retried.
// idle-timeout.ts covers a server that is gone.
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_MS = 5_000;
const IDLE_IN_TRANSACTION_MS = 30_000;
/** Connections that are unused for this long are closed. */
const IDLE_MS = 10_000;

/** The options of a service's PostgreSQL database. Large integers are read as numbers. */
export const postgresOptions = (
  name: string,
  config: PostgresConfig,
  schema: Schema,
): DataSourceOptions => ({
  type: 'postgres',
  url: config.DATABASE_URL,
  ssl: config.DATABASE_TLS,
  applicationName: name,
  poolSize: config.DATABASE_POOL_SIZE,
  connectTimeoutMS: CONNECT_TIMEOUT_MS,
  parseInt8: true,
  extra: {
    keepAlive: true,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    idleTimeoutMillis: IDLE_MS,
    stream: postgresSocket,
    preparedStatements: config.DATABASE_PREPARED_STATEMENTS,
  },
  ...schema,
});

// mysql2 checks a certificate's issuer, but its host name only if asked; TypeORM's type lacks the option
const VERIFIED = { rejectUnauthorized: true, verifyIdentity: true };

/** The options of mis's MariaDB database. Times are UTC, large integers are read as numbers. */
export const mariadbOptions = (config: DatabaseConfig, schema: Schema): DataSourceOptions => ({
  type: 'mariadb',
  url: config.DATABASE_URL.replace(/^mariadb:/, 'mysql:'),
  ...(config.DATABASE_TLS && { ssl: VERIFIED }),
  poolSize: config.DATABASE_POOL_SIZE,
  connectTimeout: CONNECT_TIMEOUT_MS,
  charset: 'utf8mb4',
  timezone: 'Z',
  supportBigNumbers: true,
  bigNumberStrings: false,
  extra: {
    queueLimit: 100 * config.DATABASE_POOL_SIZE,
    maxIdle: config.DATABASE_POOL_SIZE - 1, // mysql2 closes idle connections only below the pool's size
    idleTimeout: IDLE_MS,
    gracefulEnd: true, // otherwise the server logs each as an aborted connection
    stream: mariadbSocket,
  },
  ...schema,
});

/**
 * The same database for migrations. Changing a large table may take long, so statements have no time
 * limit; waiting for a lock keeps its limit, because all other statements queue behind it. Two
 * connections: one holds the migration lock, the other migrates.
 */
export const forMigrations = (options: DataSourceOptions): DataSourceOptions =>
  ({
    ...options,
    poolSize: 2,
    extra: {
      ...options.extra,
      stream: undefined,
      ...(options.type === 'postgres' && { statement_timeout: 0 }),
    },
  }) as DataSourceOptions;
