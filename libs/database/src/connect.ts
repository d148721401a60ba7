import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';
import { Availability } from './availability.ts';
import { migrate } from './migrate.ts';
import { open, RETRY_MS, whenAvailable } from './open.ts';
import type { ServiceDatabase } from './service-database.ts';

/**
 * Connects to a database with an up-to-date schema: migrates it if the options say so (`migrationsRun`),
 * and otherwise waits until another process has done it. A schema that is newer than this version is up to
 * date. Waits for as long as the database is unavailable.
 * @throws ConfigError when the cause is in the configuration
 * @throws Error when a migration fails
 */
export async function connect(options: DataSourceOptions): Promise<ServiceDatabase> {
  if (options.migrationsRun) await migrate(options);
  const availability = new Availability(new Logger('Database'));
  const database = await whenAvailable(availability, () => open(options, availability));
  while (!(await whenAvailable(availability, () => isUpToDate(database)))) await delay(RETRY_MS);
  return database;
}

async function isUpToDate(database: ServiceDatabase): Promise<boolean> {
  const runner = database.createQueryRunner();
  try {
    const rows: { name: string }[] = (await runner.hasTable('migrations'))
      ? await runner.query('SELECT name FROM migrations')
      : [];
    const done = new Set(rows.map(({ name }) => name));
    const missing = database.migrations.flatMap(({ name }) =>
      name === undefined || done.has(name) ? [] : [name],
    );
    if (missing.length > 0)
      database.availability.failed('schema', `it lacks ${missing.join(', ')}`);
    else database.availability.works('schema');
    return missing.length === 0;
  } finally {
    await runner.release();
  }
}
