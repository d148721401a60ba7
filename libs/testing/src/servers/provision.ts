import {
  isMariadbService,
  isPostgresService,
  SERVICES,
  type StatefulService,
} from '@equipmgnt/contracts';
import { createConnection, type Connection } from 'mysql2/promise';
import pg from 'pg';
import { messageOf, SetupError } from '../setup-error.ts';
import { passwordOf } from './credentials.ts';

const POSTGRES_SERVICES = SERVICES.filter(isPostgresService);
const MARIADB_SERVICES = SERVICES.filter(isMariadbService);

/** The DATABASE_URL of each service. */
export type DatabaseUrls = Readonly<Record<StatefulService, string>>;

export interface ProvisionOptions {
  /** The URL of PostgreSQL, with an account that may create databases and roles. */
  readonly postgresUrl: string;
  /** The URL of MariaDB, with an account that may create databases and users. */
  readonly mariadbUrl: string;
  /**
   * Appended to the names of databases and users, for several sets on one server: `_t3` results in
   * `order_t3`. Letters, digits and underscores.
   */
  readonly suffix?: string;
}

/**
 * Creates a database and a user for each service, unless they exist. A user owns its database and
 * cannot connect to the database of another service.
 * @throws SetupError when a server is unreachable or the account lacks the privileges.
 */
export async function provision(options: ProvisionOptions): Promise<DatabaseUrls> {
  const nameOf = namesWith(options.suffix);
  await withPostgres(options.postgresUrl, async (client) => {
    for (const service of POSTGRES_SERVICES) await provisionPostgres(client, nameOf(service));
  });
  await withMariadb(options.mariadbUrl, async (connection) => {
    for (const service of MARIADB_SERVICES) await provisionMariadb(connection, nameOf(service));
  });
  return {
    order: urlFor(nameOf('order'), options.postgresUrl),
    approval: urlFor(nameOf('approval'), options.postgresUrl),
    equipment: urlFor(nameOf('equipment'), options.postgresUrl),
    mis: urlFor(nameOf('mis'), options.mariadbUrl),
  };
}

/** Drops the databases and users of {@link provision} for the same suffix; ends open connections. */
export async function dropProvisioned(options: ProvisionOptions): Promise<void> {
  const nameOf = namesWith(options.suffix);
  await withPostgres(options.postgresUrl, async (client) => {
    for (const name of POSTGRES_SERVICES.map(nameOf).map(pg.escapeIdentifier)) {
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await client.query(`DROP ROLE IF EXISTS ${name}`);
    }
  });
  await withMariadb(options.mariadbUrl, async (connection) => {
    for (const name of MARIADB_SERVICES.map(nameOf)) {
      await connection.query('DROP DATABASE IF EXISTS ??', [name]);
      await connection.query('DROP USER IF EXISTS ?', [name]);
    }
  });
}

async function provisionPostgres(client: pg.Client, name: string): Promise<void> {
  const [identifier, password] = [pg.escapeIdentifier(name), pg.escapeLiteral(passwordOf(name))];
  const roles = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  const action = roles.rowCount === 0 ? 'CREATE' : 'ALTER';
  await client.query(`${action} ROLE ${identifier} LOGIN PASSWORD ${password}`);
  // Only a member of a role may create a database that the role owns (or a superuser).
  await client.query(`GRANT ${identifier} TO CURRENT_USER`);
  const databases = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (databases.rowCount === 0) {
    await client.query(`CREATE DATABASE ${identifier} OWNER ${identifier}`);
  }
  await client.query(`REVOKE CONNECT ON DATABASE ${identifier} FROM PUBLIC`);
}

async function provisionMariadb(connection: Connection, name: string): Promise<void> {
  await connection.query('CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4', [name]);
  await connection.query('CREATE USER IF NOT EXISTS ?', [name]);
  await connection.query('ALTER USER ? IDENTIFIED BY ?', [name, passwordOf(name)]);
  // In a grant the name is a pattern, in which an underscore stands for any character.
  const pattern = name.replaceAll('_', '\\_');
  await connection.query('GRANT ALL ON ??.* TO ?', [pattern, name]);
}

function namesWith(suffix = ''): (service: StatefulService) => string {
  if (!/^\w*$/.test(suffix)) {
    throw new Error(`suffix "${suffix}": expected letters, digits and underscores only`);
  }
  return (service) => service + suffix;
}

function urlFor(name: string, administratorUrl: string): string {
  const url = new URL(administratorUrl);
  url.username = name;
  url.password = passwordOf(name);
  url.pathname = `/${name}`;
  return url.href;
}

async function withPostgres(url: string, work: (client: pg.Client) => Promise<void>) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    await work(client);
  } catch (error) {
    throw refused('PostgreSQL', url, error);
  } finally {
    await client.end();
  }
}

async function withMariadb(url: string, work: (connection: Connection) => Promise<void>) {
  let connection: Connection | undefined;
  try {
    connection = await createConnection({ uri: url, connectTimeout: 10_000 });
    await work(connection);
  } catch (error) {
    throw refused('MariaDB', url, error);
  } finally {
    await connection?.end();
  }
}

const refused = (server: string, url: string, error: unknown): SetupError =>
  new SetupError(
    `Cannot create the databases of the services on ${server} at ${new URL(url).host}: ` +
      `${messageOf(error)}. The account in its URL must be allowed to create databases and users.`,
    { cause: error },
  );
