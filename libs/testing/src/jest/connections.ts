import { randomBytes } from 'node:crypto';
import { dropProvisioned, provision, type DatabaseUrls } from '../servers/provision.ts';

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set. Use npm test, which starts the servers.`);
  return value;
}

export const kafkaBrokers = (): string => given('KAFKA_BROKERS');

/** Creates separate databases for a test file, on the servers that all tests share. */
export async function freshDatabases(): Promise<{ urls: DatabaseUrls; drop: () => Promise<void> }> {
  const options = {
    postgresUrl: given('POSTGRES_URL'),
    mariadbUrl: given('MARIADB_URL'),
    suffix: `_${randomBytes(4).toString('hex')}`,
  };
  return { urls: await provision(options), drop: () => dropProvisioned(options) };
}
