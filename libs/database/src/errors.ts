import { QueryFailedError } from 'typeorm';

interface DriverError extends Error {
  /** SQLSTATE from PostgreSQL; a name such as ER_LOCK_DEADLOCK or ECONNREFUSED otherwise. */
  code?: string;
  /** SQLSTATE from MariaDB. */
  sqlState?: string;
  /** The failed system call, such as `connect`. */
  syscall?: string;
}

// Classes of SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html :
// 08 connection, 25P03 idle in transaction, 40 deadlock or serialization, 53 out of resources,
// 55 lock not available, 57 shutdown or cancelled, 58 system error. MariaDB shares 08 and 40.
const TRANSIENT_STATE = /^(08...|25P03|40...|53...|55...|57...|58...)$/;
const TRANSIENT_CODE =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|PROTOCOL_CONNECTION_LOST|ER_LOCK_WAIT_TIMEOUT|ER_SERVER_SHUTDOWN|ER_CON_COUNT_ERROR|ER_CONNECTION_KILLED|ER_QUERY_INTERRUPTED|ER_STATEMENT_TIMEOUT|ER_NORMAL_SHUTDOWN|POOL_CLOSED)$/;
// node-postgres and mysql2 give these errors no code
const TRANSIENT_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|connection error and is not queryable|in closed state|Pool is closed|Queue limit reached|the database system is/;
// 57P01 and 57P02: the server shuts down or has crashed, which closes all its connections
const LOST_CODE = /^(ECONNRESET|EPIPE|ETIMEDOUT|57P01|57P02)$/;
const LOST_MESSAGE = /^Connection terminated( unexpectedly)?$|^Query read timeout$/;
// MariaDB's max_allowed_packet; PostgreSQL's program limits, such as the size of a value
const TOO_LARGE = /^(ER_NET_PACKET_TOO_LARGE|54000)$/;
// 22: data exception (out of range, too long), 23: integrity constraint
const DATA_STATE = /^2[23]...$/;

const driverError = (error: unknown): DriverError | undefined => {
  if (error instanceof QueryFailedError) return error.driverError as DriverError;
  return error instanceof Error ? error : undefined;
};

const sqlState = ({ code, sqlState }: DriverError): string => sqlState ?? code ?? '';

/**
 * Whether the database is temporarily unavailable or busy, so that the same statement may succeed
 * later: connections refused or lost, deadlocks, shutdowns, timeouts.
 */
export function isTransient(error: unknown): boolean {
  const cause = driverError(error);
  if (!cause) return false;
  if (cause instanceof AggregateError) return cause.errors.every(isTransient); // dual-stack connect
  return (
    TRANSIENT_STATE.test(sqlState(cause)) ||
    TRANSIENT_CODE.test(cause.code ?? '') ||
    TRANSIENT_MESSAGE.test(cause.message)
  );
}

/**
 * Whether a transient failure leaves it unknown if the statement was committed: the connection was
 * lost after the statement had been sent.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const cause = driverError(error);
  if (!cause || cause.syscall === 'connect') return false;
  return LOST_CODE.test(sqlState(cause)) || LOST_MESSAGE.test(cause.message);
}

/** Whether the statement is larger than the database accepts: one with less data may succeed. */
export function isTooLarge(error: unknown): boolean {
  const cause = driverError(error);
  return cause !== undefined && TOO_LARGE.test(cause.code ?? '');
}

/**
 * Whether the connection was lost during the statement. MariaDB also closes it while a statement arrives
 * that is larger than `max_allowed_packet`.
 */
export function isConnectionLost(error: unknown): boolean {
  const cause = driverError(error);
  return cause?.code === 'PROTOCOL_CONNECTION_LOST' || isOutcomeUnknown(error);
}

/** Whether the database rejects the data: the same statement can never succeed. */
export function isDataError(error: unknown): boolean {
  const cause = driverError(error);
  return cause !== undefined && DATA_STATE.test(sqlState(cause));
}
