import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { isTransient } from './errors.ts';

const RETRY_MS = 1_000;
const LOCK_POLL_MS = 100;
/** One lock for all that start at once; any number that nothing else in the database uses. */
const MIGRATION_LOCK = 7_301_944;

/**
 * Connects, waiting for as long as the database is away, and brings the schema up to date.
 * @throws whatever only a person can mend, such as a wrong password or a failing migration
 */
export async function connect(dataSource: DataSource): Promise<DataSource> {
  const logger = new Logger('Database');
  for (;;) {
    try {
      if (!dataSource.isInitialized) await dataSource.initialize();
      await migrate(dataSource, logger);
      return dataSource;
    } catch (error) {
      if (!isTransient(error)) throw error;
      logger.warn(`no database yet, trying again: ${(error as Error).message}`);
      await delay(RETRY_MS);
    }
  }
}

/** Several replicas may start at once: one migrates, the others wait for it. */
async function migrate(dataSource: DataSource, logger: Logger): Promise<void> {
  const [take, give] =
    dataSource.options.type === 'postgres'
      ? [
          `SELECT pg_try_advisory_lock(${MIGRATION_LOCK}) AS mine`,
          `SELECT pg_advisory_unlock(${MIGRATION_LOCK})`,
        ]
      : [`SELECT GET_LOCK('migrations', 0) AS mine`, `SELECT RELEASE_LOCK('migrations')`];
  const holder = dataSource.createQueryRunner();
  try {
    while (!(await holder.query(take))[0].mine) await delay(LOCK_POLL_MS);
    try {
      const done = await dataSource.runMigrations({ transaction: 'each' });
      for (const { name } of done) logger.log(`migrated: ${name}`);
    } finally {
      await holder.query(give); // the connection lives on in the pool, and the lock with it
    }
  } finally {
    await holder.release();
  }
}
