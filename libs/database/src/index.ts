export { column, Columns, nullable, type Column, type ColumnMap, type RowOf } from './columns.ts';
export { DatabaseModule } from './database.module.ts';
export { isDataError, isTransient, isOutcomeUnknown } from './errors.ts';
export { findPage } from './find-page.ts';
export {
  mariadbConfig,
  mariadbOptions,
  postgresConfig,
  postgresOptions,
  type DatabaseConfig,
} from './options.ts';
export { PeriodicJob } from './periodic-job.ts';
export { runPrepared, type Prepared } from './prepared.ts';
