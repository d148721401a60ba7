export { column, Columns, nullable, type Column, type ColumnMap, type RowOf } from './columns.ts';
export { DatabaseModule } from './database.module.ts';
export { isDataError, isTransient, mayHaveWorked } from './errors.ts';
export {
  mariadbConfig,
  mariadbOptions,
  postgresConfig,
  postgresOptions,
  type DatabaseConfig,
} from './options.ts';
export { Sweep } from './periodic-job.ts';
