import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { AbstractLogger, DataSource, type DataSourceOptions, type LogMessage } from 'typeorm';
import { isTransient } from './errors.ts';
import { forMigrations } from './options.ts';

const RETRY_MS = 1_000;
const LOCK_POLL_MS = 100;
/** One lock for all replicas that start at the same time. Nothing else uses this number or name. */
const TAKE_LOCK = {
  postgres: 'SELECT pg_try_advisory_lock(7301944) AS mine',
  mariadb: `SELECT GET_LOCK('migrations', 0) AS mine`,
};

/**
 * Connects and migrates the schema. Retries for as long as the database is unavailable.
 * @throws errors that only an operator can fix, such as a wrong password or a failing migration
 */
export async function connect(options: DataSourceOptions): Promise<DataSource> {
  const logger = new Logger('Database');
  for (;;) {
    try {
      await migrate(options, logger);
      return await new DataSource(options).initialize();
    } catch (error) {
      if (!isTransient(error)) throw error;
      logger.warn(`the database is unavailable, retrying: ${(error as Error).message}`);
      await delay(RETRY_MS);
    }
  }
}

/**
 * Several replicas may start at the same time: one migrates, the others wait for it. The lock ends
 * with its connection, so this function uses separate connections and closes them at the end.
 */
async function migrate(options: DataSourceOptions, logger: Logger): Promise<void> {
  const database = await new DataSource({
    ...forMigrations(options),
    logger: new MigrationLog(logger),
  }).initialize();
  const holder = database.createQueryRunner();
  const take = TAKE_LOCK[options.type as keyof typeof TAKE_LOCK];
  try {
    while (!(await holder.query(take))[0].mine) await delay(LOCK_POLL_MS);
    const done = await database.runMigrations({ transaction: 'each' });
    for (const { name } of done) logger.log(`migrated: ${name}`);
  } finally {
    await holder.release();
    await database.destroy();
  }
}

/** TypeORM reports a failed migration on the console by default, which would break the JSON log. */
class MigrationLog extends AbstractLogger {
  constructor(private readonly logger: Logger) {
    super();
  }

  protected override writeLog(_level: unknown, message: LogMessage | LogMessage[]): void {
    for (const { message: line } of this.prepareLogMessages(message)) this.logger.warn(line);
  }
}
