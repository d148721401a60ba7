import { env } from '@equipmgnt/runtime';
import { z } from 'zod';
import type { DataSourceOptions, EntitySchema, MigrationInterface } from 'typeorm';
import { mariadbSocket, postgresSocket } from './idle-timeout.ts';

/** One way to say it: the drivers read `?sslmode=` and its like differently, or not at all. */
const saysNothingOfTls = (url: string): boolean =>
  ![...new URL(url).searchParams.keys()].some((name) => name.toLowerCase().startsWith('ssl'));

const configFor = (...protocols: string[]) =>
  z.object({
    DATABASE_URL: env
      .url(...protocols)
      .refine((url) => !URL.canParse(url) || saysNothingOfTls(url), {
        error: 'expected no ssl… parameter in it; DATABASE_TLS=true asks for TLS',
      }),
    /** Connect by TLS only, and only to a server whose certificate is good for its host name. */
    DATABASE_TLS: env.flag(false),
    /** Connections; one each for the relay and two sweeps, so one for requests at the least. */
    DATABASE_POOL_SIZE: env.whole(4, 1_000, 10),
  });

export const postgresConfig = configFor('postgres', 'postgresql');
export const mariadbConfig = configFor('mysql', 'mariadb');

export type DatabaseConfig = z.infer<typeof postgresConfig>;

export interface Schema {
  readonly entities: EntitySchema[];
  readonly migrations: (new () => MigrationInterface)[];
}

// A statement that hangs must not hang its caller: requests end in 503, messages are retried. See
// silence.ts for one whose server is gone.
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_MS = 5_000;
const IDLE_IN_TRANSACTION_MS = 30_000;
/** Connections that nobody needs for this long are closed. */
const IDLE_MS = 10_000;

/** How a service reaches its PostgreSQL database. Large integers are read as numbers. */
export const postgresOptions = (
  name: string,
  config: DatabaseConfig,
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
  },
  ...schema,
});

// mysql2 checks who has signed a certificate, but not by itself for whom; TypeORM's type lacks the option
const VERIFIED = { rejectUnauthorized: true, verifyIdentity: true };

/** How mis reaches its MariaDB database. Times are UTC, large integers are read as numbers. */
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
    maxIdle: config.DATABASE_POOL_SIZE - 1, // below the pool's size, or mysql2 closes no idle ones
    idleTimeout: IDLE_MS,
    gracefulEnd: true, // or the server logs each as an aborted connection
    stream: mariadbSocket,
  },
  ...schema,
});

/**
 * The same database while it is migrated: to change a large table may take its time, though not to
 * wait for a lock on it, since everybody else waits behind. One connection holds a lock meanwhile.
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
