import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '@equipmgnt/runtime';
import { TypeORMError, type DataSourceOptions } from 'typeorm';
import type { Availability } from './availability.ts';
import { isTransient, neverWorks, NoConnection, reasonOf } from './errors.ts';
import { ServiceDatabase } from './service-database.ts';

/** Between two attempts of a start. */
export const RETRY_MS = 1_000;

/**
 * Repeats `work` until the database is available. An operator may change a password or a limit at the
 * server, so whatever keeps a connection from being opened is waited for.
 * @throws ConfigError when the cause is in the configuration
 */
export async function whenAvailable<T>(
  availability: Availability,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const hopeless = neverWorks(error);
      if (hopeless !== undefined) throw new ConfigError(hopeless);
      if (!isTransient(error)) throw error;
      availability.failed('connect', reasonOf(error instanceof NoConnection ? error.cause : error));
      await delay(RETRY_MS);
    }
  }
}

/** @throws NoConnection when no connection can be opened, whatever the cause: refused, TLS, password */
export async function open(
  options: DataSourceOptions,
  availability: Availability,
): Promise<ServiceDatabase> {
  const database = new ServiceDatabase(options, availability);
  try {
    return (await database.initialize()) as ServiceDatabase;
  } catch (error) {
    database.closeAllConnections();
    throw isMistake(error) ? error : new NoConnection(error);
  }
}

/** Whether it is an error of our code; those of the drivers and of Node's TLS have no class in common. */
const isMistake = (error: unknown): boolean =>
  (error instanceof TypeORMError && !isTransient(error)) ||
  error instanceof TypeError ||
  error instanceof RangeError ||
  error instanceof ReferenceError;
