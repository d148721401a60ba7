import { Logger } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';
import { Availability } from './availability.ts';
import { migrate } from './migrate.ts';
import { open, whenAvailable } from './open.ts';
import type { ServiceDatabase } from './service-database.ts';

/**
 * Connects and migrates the schema. Waits for as long as the database is unavailable.
 * @throws ConfigError when the cause is in the configuration
 * @throws Error when a migration fails
 */
export async function connect(options: DataSourceOptions): Promise<ServiceDatabase> {
  await migrate(options);
  const availability = new Availability(new Logger('Database'));
  return whenAvailable(availability, () => open(options, availability));
}
