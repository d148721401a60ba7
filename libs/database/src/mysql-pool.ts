import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import mysql, { type PoolConnection, type PoolOptions } from 'mysql2';

export type MysqlConnection = PoolConnection & { readonly stream: Socket };

/** A pool of mysql2 with the members that its types leave out. */
export type MysqlPool = mysql.Pool & {
  readonly config: { connectionLimit: number; connectionConfig: object };
  readonly _allConnections: { readonly length: number };
  readonly _freeConnections: { readonly length: number };
  readonly _connectionQueue: { readonly length: number };
};

export interface MysqlPoolOptions extends PoolOptions {
  /** A file with the password; it is read for each new connection. */
  readonly passwordFile?: string;
  /** Seconds; a statement that takes longer fails. */
  readonly maxStatementTime?: number;
  /** Seconds that a statement waits for a row's lock. */
  readonly lockWaitTimeout?: number;
}

/**
 * Makes the pools that TypeORM asks for.
 * @param opened is called with each new connection
 * @param unusable is called when the server refuses the first statement of a connection, for example
 * because the password has expired
 */
export const createMysqlPool =
  (
    opened: (connection: MysqlConnection) => void,
    unusable: (connection: MysqlConnection) => void,
  ) =>
  ({
    passwordFile,
    maxStatementTime,
    lockWaitTimeout,
    ...options
  }: MysqlPoolOptions): MysqlPool => {
    const pool = mysql.createPool(options) as MysqlPool;
    if (passwordFile !== undefined) {
      // The pool copies this object for each connection, and unlike node-postgres has no function for it.
      Object.defineProperty(pool.config.connectionConfig, 'password', {
        get: () => passwordIn(passwordFile),
        configurable: true,
        enumerable: true,
      });
    }
    pool.on('connection', (given) => {
      const connection = given as unknown as MysqlConnection;
      opened(connection);
      const limits = `max_statement_time = ${maxStatementTime}, innodb_lock_wait_timeout = ${lockWaitTimeout}`;
      connection.query(`SET SESSION ${limits}`, (error) => error && unusable(connection));
    });
    return pool;
  };

/** An unreadable file has no password, and the server's refusal says that none was used. */
function passwordIn(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}
