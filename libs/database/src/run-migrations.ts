import { ConfigError, createLogger } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import type { DataSourceOptions } from 'typeorm';
import { migrate } from './migrate.ts';

/**
 * Migrates a service's schema as this process, and exits: with 0 when the schema is up to date, with 1 when
 * a migration fails or a signal stops the process. Waits while the database is unavailable.
 */
export async function runMigrations(
  service: string,
  configure: () => DataSourceOptions,
): Promise<void> {
  const logger = createLogger(service, 'info');
  Logger.overrideLogger({
    log: (text: string) => logger.info(text),
    warn: (text: string) => logger.warn(text),
    error: (text: string) => logger.error(text),
  });
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(1));
  try {
    await migrate(configure());
    logger.info('the schema is up to date');
    process.exit(0);
  } catch (error) {
    const lines = error instanceof ConfigError ? error.message : (error as Error).stack;
    process.stderr.write(`${service} cannot migrate:\n${lines}\n`);
    process.exit(1);
  }
}
