import { QueryFailedError } from 'typeorm';

interface DriverError extends Error {
  /** SQLSTATE from PostgreSQL; a name such as ER_LOCK_DEADLOCK or ECONNREFUSED otherwise. */
  code?: string;
  /** SQLSTATE from MariaDB. */
  sqlState?: string;
  /** MariaDB's error number; negative for the errors of the operating system. */
  errno?: number;
  /** Of an error that PostgreSQL sent. */
  severity?: string;
  /** The failed system call, such as `connect`. */
  syscall?: string;
}

// Classes of SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html :
// 08 connection, 25006 read-only, 25P03 idle in transaction, 40 deadlock or serialization, 53 out of
// resources, 55 lock not available, 57 shutdown or cancelled, 58 system error. MariaDB shares 08, 25006
// and 40, and uses 70100 for a statement that was killed or took too long.
const TRANSIENT_STATE = /^(08...|25006|25P03|40...|53...|55...|57...|58...|70100)$/;
const TRANSIENT_CODE =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|PROTOCOL_CONNECTION_LOST|POOL_CLOSED)$/;
// The state of the server, not of the statement; most of MariaDB's own errors share the SQLSTATE HY000.
// https://mariadb.com/docs/server/reference/error-codes : 3, 1021, 1026, 1030, 1114, 1180 the disk is full
// or fails, 1037, 1038, 1041 out of memory, 1040, 1203, 1226 out of connections, 1205, 1206 out of locks,
// 1290, 1792, 1836 read-only, 1820 the password has expired
const TRANSIENT_NUMBERS = [
  3, 1021, 1026, 1030, 1037, 1038, 1040, 1041, 1114, 1180, 1203, 1205, 1206, 1226, 1290, 1792, 1820,
  1836,
];
const LIMIT_NUMBERS = [1040, 1203, 1226];
const READ_ONLY_NUMBERS = [1290, 1792, 1836];
// node-postgres and mysql2 give these errors no code
const TRANSIENT_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|connection error and is not queryable|Client was closed and is not queryable|in closed state|Pool is closed|Queue limit reached|the database system is/;
// 57P01 and 57P02: the server shuts down or has crashed, which closes all its connections
const LOST_CODE = /^(ECONNRESET|EPIPE|ETIMEDOUT|57P01|57P02)$/;
const LOST_MESSAGE = /^Connection terminated( unexpectedly)?$|^Query read timeout$/;
// MariaDB's max_allowed_packet; PostgreSQL's program limits, such as the size of a value
const TOO_LARGE = /^(ER_NET_PACKET_TOO_LARGE|54000)$/;
// 22: data exception (out of range, too long), 23: integrity constraint
const DATA_STATE = /^2[23]...$/;

/**
 * No connection to the database could be had, for whatever reason: refused, not reachable, all in use.
 * Nothing was sent, so nothing was stored. The cause is the driver's error.
 */
export class NoConnection extends Error {
  override readonly name = 'NoConnection';

  constructor(cause: unknown) {
    super(`no connection to the database: ${reasonOf(cause)}`, { cause });
  }
}

const driverError = (error: unknown): DriverError | undefined => {
  if (error instanceof QueryFailedError) return error.driverError as DriverError;
  return error instanceof Error ? error : undefined;
};

const sqlState = ({ code, sqlState }: DriverError): string => sqlState ?? code ?? '';

const hasNumber = ({ errno }: DriverError, numbers: readonly number[]): boolean =>
  errno !== undefined && numbers.includes(errno);

/** The error's message; a connection to a host with several addresses has one for each of them. */
export const reasonOf = (error: unknown): string =>
  error instanceof AggregateError
    ? error.errors.map(reasonOf).join(', ')
    : error instanceof Error
      ? error.message
      : String(error);

/**
 * Whether the database is temporarily unavailable or busy, so that the same statement may succeed
 * later: no connection or a lost one, deadlocks, shutdowns, timeouts, a read-only server, a full disk.
 */
export function isTransient(error: unknown): boolean {
  const cause = driverError(error);
  if (!cause) return false;
  if (cause instanceof NoConnection) return true;
  if (cause instanceof AggregateError) return cause.errors.every(isTransient); // dual-stack connect
  return (
    TRANSIENT_STATE.test(sqlState(cause)) ||
    TRANSIENT_CODE.test(cause.code ?? '') ||
    hasNumber(cause, TRANSIENT_NUMBERS) ||
    TRANSIENT_MESSAGE.test(cause.message)
  );
}

/**
 * Whether a transient failure leaves it unknown if the statement was committed: the connection was
 * lost after the statement had been sent.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const cause = driverError(error);
  if (!cause || cause.syscall === 'connect' || cause instanceof NoConnection) return false;
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

/**
 * Whether a statement for several rows was rolled back because of some of them: of their values, of their
 * size, or of locks that others hold. The other rows may succeed without them.
 */
export const isSeparable = (error: unknown): boolean =>
  isDataError(error) || isTooLarge(error) || ['40P01', '40001', '55P03'].includes(stateOf(error));

const stateOf = (error: unknown): string => {
  const cause = driverError(error);
  return cause === undefined ? '' : sqlState(cause);
};

/** Whether the server answered, and refused; other connections to it may work. */
export function isRefusal(error: unknown): boolean {
  const cause = driverError(error);
  return cause !== undefined && (cause.severity !== undefined || (cause.errno ?? 0) > 0);
}

/** Whether the server, the database or the user has no connection left. */
export function isConnectionLimit(error: unknown): boolean {
  const cause = driverError(error);
  return cause !== undefined && (cause.code === '53300' || hasNumber(cause, LIMIT_NUMBERS));
}

/** Whether the server accepts no writes: a standby after a failover, or set to read-only. */
export function isReadOnly(error: unknown): boolean {
  const cause = driverError(error);
  return cause !== undefined && (cause.code === '25006' || hasNumber(cause, READ_ONLY_NUMBERS));
}

/** The message of a failure that waiting does not fix; an operator must change the configuration. */
export function neverWorks(error: unknown): string | undefined {
  const cause = driverError(error instanceof NoConnection ? error.cause : error);
  const parameter = /unsupported startup parameter(?: in options)?: (\w+)/.exec(
    cause?.message ?? '',
  )?.[1];
  if (parameter === undefined) return undefined;
  return (
    `DATABASE_URL: the connection pooler there refuses the start-up parameter ${parameter}; ` +
    'set its ignore_startup_parameters as docs/operations.md says, or connect to the server itself'
  );
}
