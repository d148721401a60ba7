import { readFile } from 'node:fs/promises';
import { env } from '@equipmgnt/runtime';
import { z } from 'zod';
import type { DataSourceOptions, EntitySchema, MigrationInterface } from 'typeorm';
import { mariadbSocket, postgresSocket } from './idle-timeout.ts';

/** Only DATABASE_TLS configures TLS: the drivers read `?sslmode=` differently, or not at all. */
const parametersOf = (url: string): string[] => [...(URL.parse(url)?.searchParams.keys() ?? [])];

const configFor = (...protocols: string[]) =>
  z.object({
    DATABASE_URL: env
      .url(...protocols)
      .refine((url) => !parametersOf(url).some((name) => /^ssl/i.test(name)), {
        error: 'expected no ssl… parameter in it; DATABASE_TLS=true asks for TLS',
        abort: true,
      })
      .refine((url) => parametersOf(url).length === 0, {
        error: 'expected no parameters after a ? in it',
      })
      .refine((url) => !URL.parse(url)?.hostname.includes(','), {
        error: 'expected one host in it',
      }),
    /**
     * A file with the password, which is used instead of the one in DATABASE_URL. It is read for each new
     * connection, so that the password can be changed without a restart.
     */
    DATABASE_PASSWORD_FILE: z.string().optional(),
    /**
     * Migrate the schema at start. Otherwise the service waits until another process has done it, and says
     * which migrations are missing.
     */
    DATABASE_MIGRATE: env.flag(true),
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
/** The longest time for opening a connection, and for waiting for an unused one. */
export const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_MS = 5_000;
const IDLE_IN_TRANSACTION_MS = 30_000;
/**
 * A connection on which no byte has moved for this long is closed. Longer than any statement may take, and
 * longer than the relay may wait for Kafka inside a transaction: four requests of 5 s, and the producer's
 * pauses between them.
 */
const IDLE_TIMEOUT_MS = 25_000;
/** Connections that are unused for this long are closed. */
const IDLE_MS = 10_000;

/**
 * The parts of DATABASE_URL. TypeORM itself splits host and port at the first colon, which is wrong for
 * IPv6 addresses.
 */
function partsOf({ DATABASE_URL }: DatabaseConfig) {
  const { hostname, port, username, password, pathname } = new URL(DATABASE_URL);
  return {
    host: decodeURIComponent(hostname.replace(/^\[(.*)\]$/, '$1')),
    ...(port !== '' && { port: Number(port) }),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(pathname.length > 1 && { database: decodeURIComponent(pathname.slice(1)) }),
  };
}

/** For node-postgres, which calls it for each new connection. */
const passwordIn = (file: string) => async () => (await readFile(file, 'utf8')).trimEnd();

/** The options of a service's PostgreSQL database. Large integers are read as numbers. */
export const postgresOptions = (
  name: string,
  config: PostgresConfig,
  schema: Schema,
): DataSourceOptions => ({
  type: 'postgres',
  ...partsOf(config),
  ...(config.DATABASE_PASSWORD_FILE && { password: passwordIn(config.DATABASE_PASSWORD_FILE) }),
  ssl: config.DATABASE_TLS,
  applicationName: name,
  migrationsRun: config.DATABASE_MIGRATE,
  poolSize: config.DATABASE_POOL_SIZE,
  connectTimeoutMS: CONNECT_TIMEOUT_MS,
  parseInt8: true,
  extra: {
    keepAlive: true,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    idleTimeoutMillis: IDLE_MS,
    stream: postgresSocket(IDLE_TIMEOUT_MS),
    preparedStatements: config.DATABASE_PREPARED_STATEMENTS,
  },
  ...schema,
});

// mysql2 checks a certificate's issuer, but its host name only if asked; TypeORM's type lacks the option
const VERIFIED = { rejectUnauthorized: true, verifyIdentity: true };

/** The options of mis's MariaDB database. Times are UTC, large integers are read as numbers. */
export const mariadbOptions = (config: DatabaseConfig, schema: Schema): DataSourceOptions => ({
  type: 'mariadb',
  ...partsOf(config),
  ...(config.DATABASE_TLS && { ssl: VERIFIED }),
  migrationsRun: config.DATABASE_MIGRATE,
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
    stream: mariadbSocket(IDLE_TIMEOUT_MS),
    passwordFile: config.DATABASE_PASSWORD_FILE,
    maxStatementTime: STATEMENT_TIMEOUT_MS / 1_000,
    lockWaitTimeout: LOCK_TIMEOUT_MS / 1_000,
  },
  ...schema,
});

/**
 * The same database for migrations. Changing a large table may take long, so statements have no time
 * limit; waiting for a lock keeps its limit, because all other statements queue behind it. One connection
 * is enough, also for a user that may have only one.
 */
export const forMigrations = (options: DataSourceOptions): DataSourceOptions =>
  ({
    ...options,
    poolSize: 1,
    extra: {
      ...options.extra,
      stream: options.type === 'postgres' ? postgresSocket(0) : mariadbSocket(0),
      ...(options.type === 'postgres' ? { statement_timeout: 0 } : { maxStatementTime: 0 }),
    },
  }) as DataSourceOptions;

/** The same database for readiness checks: one connection, which is closed after each check. */
export const forChecks = (options: DataSourceOptions): DataSourceOptions =>
  ({
    ...options,
    entities: [],
    migrations: [],
    poolSize: 1,
    extra: {
      ...options.extra,
      ...(options.type === 'postgres'
        ? { idleTimeoutMillis: 1 }
        : { connectionLimit: 1, maxIdle: 0, idleTimeout: 1 }),
    },
  }) as DataSourceOptions;
