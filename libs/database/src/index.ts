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
export { isDataError, isTransient, isOutcomeUnknown } from './errors.ts';
export { findPage } from './find-page.ts';
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
