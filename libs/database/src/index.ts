export { DatabaseModule } from './database.module.ts';
export { isDataError, isTransient } from './errors.ts';
export {
  mariadbConfig,
  mariadbOptions,
  postgresConfig,
  postgresOptions,
  type DatabaseConfig,
} from './options.ts';
export { Sweep } from './sweep.ts';
