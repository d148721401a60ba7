import { join } from 'node:path';
import { LOCAL } from '../layout.ts';
import { startInfrastructure, type Infrastructure } from '../servers/infrastructure.ts';

declare global {
  // a global is Jest's way to pass a value from its global setup to its global teardown
  var testInfrastructure: Infrastructure | undefined;
}

/** Starts PostgreSQL, MariaDB and Kafka once for all tests, unless the environment has their URLs. */
export default async function setup(): Promise<void> {
  const { POSTGRES_URL, MARIADB_URL, KAFKA_BROKERS } = process.env;
  if (POSTGRES_URL && MARIADB_URL && KAFKA_BROKERS) return;
  const directory = join(LOCAL, `tests-${process.pid}`);
  const infrastructure = await startInfrastructure({ directory, report: console.log });
  globalThis.testInfrastructure = infrastructure;
  process.env['POSTGRES_URL'] = infrastructure.postgres.url;
  process.env['MARIADB_URL'] = infrastructure.mariadb.url;
  process.env['KAFKA_BROKERS'] = infrastructure.kafka.url;
}
