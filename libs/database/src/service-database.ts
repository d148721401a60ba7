import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { Pool as PostgresPool } from 'pg';
import { AbstractLogger, DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { Availability } from './availability.ts';
import { Connections, type Pool, type PoolUsage } from './connections.ts';
import { isReadOnly, isTransient, reasonOf } from './errors.ts';
import { LIST_SHARE, ListReads } from './list-reads.ts';
import { CONNECT_TIMEOUT_MS } from './options.ts';
import { createMysqlPool, type MysqlConnection, type MysqlPool } from './mysql-pool.ts';

/** What node-postgres' pool hands out through TypeORM. */
type PostgresObtained = [
  { once(event: 'end', listener: () => void): void },
  (error?: true) => void,
];

/** The parts of TypeORM's drivers that {@link ServiceDatabase} uses or replaces. */
interface Driver {
  readonly master?: PostgresPool;
  readonly pool?: MysqlPool;
  obtainMasterConnection(): Promise<unknown>;
}

type SocketFactory = (config: never) => Socket;

/**
 * A service's database. Unlike TypeORM's DataSource, it distinguishes every failure to get a connection
 * ({@link NoConnection}), continues with the connections that it has, leaves servers that have become
 * read-only, and logs each change of the database's state once.
 */
export class ServiceDatabase extends DataSource {
  /** For reading lists, which get a limited share of the connections. */
  readonly lists: ListReads;
  private readonly connections: Connections<unknown>;
  private readonly sockets = new Set<Socket>();

  constructor(
    options: DataSourceOptions,
    readonly availability = new Availability(new Logger('Database')),
  ) {
    const { stream, ...extra } = options.extra as { stream: SocketFactory };
    super({
      ...options,
      migrationsRun: false, // migrate.ts does it, with a lock
      extra: {
        ...extra,
        stream: (config: never) => this.track(stream(config)),
        ...(options.type === 'postgres' && {
          onConnect: (client: PostgresObtained[0]) =>
            client.once('end', this.connections.opened(client)),
        }),
      },
      ...(options.type === 'mariadb' && {
        driver: {
          createPool: createMysqlPool(
            (connection) => connection.stream.once('close', this.connections.opened(connection)),
            (connection) => this.connections.markStale(connection),
          ),
        },
      }),
      logger: new DatabaseLog(availability, (error, connection) => this.failed(error, connection)),
    } as DataSourceOptions);
    const driver = this.driver as unknown as Driver;
    const pool = options.type === 'postgres' ? postgresPool(driver) : mariadbPool(driver);
    this.connections = new Connections(pool, {
      limit: options.poolSize as number,
      waitMs: CONNECT_TIMEOUT_MS,
      availability,
    });
    this.lists = new ListReads(Math.max(1, Math.floor((options.poolSize as number) * LIST_SHARE)));
    driver.obtainMasterConnection = () => this.connections.obtain();
  }

  /** The server is read-only: no connection to it is used again. */
  leaveReadOnlyServer(reason: string): void {
    this.availability.failed('write', reason);
    this.connections.rotate();
  }

  /** Whether more callers wait for a connection than can be served soon. */
  get isSaturated(): boolean {
    const { master: pool } = this.driver as unknown as Driver;
    return pool !== undefined && pool.waitingCount > MAX_WAITING * pool.options.max;
  }

  /** The connections of the pool, and the callers that wait for one. */
  get poolUsage(): PoolUsage {
    return this.connections.usage;
  }

  /** Closes every connection, also those in use: their statements fail. @returns how many */
  closeAllConnections(): number {
    const { size } = this.sockets;
    for (const socket of this.sockets) socket.destroy();
    return size;
  }

  private track(socket: Socket): Socket {
    this.sockets.add(socket);
    return socket.once('close', () => this.sockets.delete(socket));
  }

  private failed(error: unknown, connection: object | undefined): void {
    if (isReadOnly(error)) {
      if (connection) this.connections.markStale(connection);
      this.leaveReadOnlyServer(reasonOf(error));
    } else if (isTransient(error)) this.availability.warn(`a statement failed: ${reasonOf(error)}`);
  }
}

/** New requests are refused when this many times the pool's size wait for a connection. */
const MAX_WAITING = 10;

function postgresPool(driver: Driver): Pool<unknown> {
  const obtain = driver.obtainMasterConnection.bind(driver) as () => Promise<PostgresObtained>;
  return {
    obtain,
    setLimit: (limit) => {
      if (driver.master) driver.master.options.max = limit;
    },
    connectionOf: ([client]) => client,
    usage: () => {
      const {
        totalCount: open = 0,
        idleCount: idle = 0,
        waitingCount: waiting = 0,
      } = driver.master ?? {};
      return { open, idle, waiting };
    },
    release: ([, release]) => release(),
    discard: ([, release]) => release(true),
  } satisfies Pool<PostgresObtained> as unknown as Pool<unknown>;
}

function mariadbPool(driver: Driver): Pool<unknown> {
  const obtain = driver.obtainMasterConnection.bind(driver) as () => Promise<MysqlConnection>;
  return {
    obtain,
    setLimit: (limit) => {
      if (driver.pool) driver.pool.config.connectionLimit = limit;
    },
    connectionOf: (connection) => connection,
    usage: () => ({
      open: driver.pool?._allConnections.length ?? 0,
      idle: driver.pool?._freeConnections.length ?? 0,
      waiting: driver.pool?._connectionQueue.length ?? 0,
    }),
    release: (connection) => connection.release(),
    discard: (connection) => connection.destroy(),
  } satisfies Pool<MysqlConnection> as unknown as Pool<unknown>;
}

/** Notices failed statements and migrations; TypeORM would write them to the console. */
class DatabaseLog extends AbstractLogger {
  constructor(
    private readonly availability: Availability,
    private readonly onError: (error: unknown, connection?: object) => void,
  ) {
    super();
  }

  override logQueryError(error: unknown, _query: string, _values?: unknown, runner?: QueryRunner) {
    const { databaseConnection } = (runner ?? {}) as { databaseConnection?: object };
    this.onError(error, databaseConnection);
  }

  override logMigration(message: string): void {
    this.availability.warn(message);
  }

  protected override writeLog(): void {}
}
