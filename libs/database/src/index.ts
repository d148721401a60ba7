export { Batcher } from './batcher.ts';
export {
  column,
  Columns,
  nullable,
  type Column,
  type ColumnMap,
  type ColumnOfEach,
  type RowOf,
} from './columns.ts';
export { DatabaseModule } from './database.module.ts';
export {
  isConnectionLost,
  isDataError,
  isOutcomeUnknown,
  isTooLarge,
  isTransient,
} from './errors.ts';
export { findPage } from './find-page.ts';
export { readMariadbList, readPostgresList } from './list-reads.ts';
export {
  CreateIdempotencyKeys1700000000004,
  ForgetIdempotencyKeys,
  ID_FROM_KEY,
  ID_FROM_SEQUENCE,
  IdempotencyKeys,
  newKey,
} from './idempotency-keys.ts';
export {
  mariadbConfig,
  mariadbOptions,
  postgresConfig,
  postgresOptions,
  type DatabaseConfig,
  type PostgresConfig,
} from './options.ts';
export { runMigrations } from './run-migrations.ts';
export { PeriodicJob } from './periodic-job.ts';
export { runPrepared, type Prepared } from './prepared.ts';
export { countRows, SumRowCount } from './row-count.ts';
