import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import {
  MigrationExecutor,
  type DataSourceOptions,
  type Migration,
  type QueryRunner,
} from 'typeorm';
import { Availability } from './availability.ts';
import { open, whenAvailable } from './open.ts';
import { forMigrations } from './options.ts';

const LOCK_POLL_MS = 100;

/**
 * Migrates the schema. Waits while the database is unavailable. Several processes may call it at the same
 * time: one migrates, the others wait for it.
 * @throws ConfigError when the cause is in the configuration
 * @throws Error when a migration fails
 */
export async function migrate(options: DataSourceOptions): Promise<void> {
  const logger = new Logger('Database');
  const availability = new Availability(logger);
  await whenAvailable(availability, async () => {
    const database = await open(forMigrations(options), availability);
    const runner = database.createQueryRunner();
    try {
      const run = options.type === 'postgres' ? migratePostgres : migrateMariadb;
      const done = await run(runner, () => new MigrationExecutor(database, runner));
      for (const { name } of done) logger.log(`migrated: ${name}`);
    } finally {
      await runner.release();
      await database.destroy();
    }
  });
}

type Run = (runner: QueryRunner, newExecutor: () => MigrationExecutor) => Promise<Migration[]>;

/**
 * All migrations are one transaction, and so is the lock: it ends when the transaction does, also when
 * this process is killed, and behind a pooler that gives the server's session to other clients.
 */
const migratePostgres: Run = async (runner, newExecutor) => {
  for (;;) {
    await runner.startTransaction();
    try {
      // a pooler ignores the connection's own setting
      await runner.query('SET LOCAL statement_timeout = 0');
      // Nothing else uses this number. Earlier versions lock it as well, for their session.
      const [{ mine }] = await runner.query('SELECT pg_try_advisory_xact_lock(7301944) AS mine');
      if (mine) {
        const executor = newExecutor();
        executor.transaction = 'all';
        const done = await executor.executePendingMigrations();
        await runner.commitTransaction();
        return done;
      }
    } catch (error) {
      await runner.rollbackTransaction().catch(() => undefined); // the connection may be lost
      throw error;
    }
    await runner.rollbackTransaction();
    await delay(LOCK_POLL_MS);
  }
};

/**
 * MariaDB commits each change of a table by itself, so no transaction can hold the lock: GET_LOCK belongs
 * to the session. The session of a killed process ends with its connection. When its machine loses power,
 * the server would keep the session for hours; wait_timeout ends it after a minute. The migrations run in
 * the same session, so they cannot go on after the lock is lost.
 */
const migrateMariadb: Run = async (runner, newExecutor) => {
  await runner.query('SET SESSION wait_timeout = 60');
  while (!Number((await runner.query(`SELECT GET_LOCK('migrations', 0) AS mine`))[0].mine)) {
    await delay(LOCK_POLL_MS);
  }
  try {
    const executor = newExecutor();
    executor.transaction = 'each';
    return await executor.executePendingMigrations();
  } finally {
    await runner.query(`DO RELEASE_LOCK('migrations')`).catch(() => undefined); // the connection may be lost
  }
};
