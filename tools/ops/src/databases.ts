import { isPostgresService, SERVICES, type PostgresService } from '@equipmgnt/contracts';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';

/** The databases of a running suite. */
export interface Databases extends Readonly<Record<PostgresService, pg.Client>> {
  readonly mis: Connection;
}

/** What `npm start` uses at its default ports. */
const DEFAULTS = {
  order: 'postgres://order:order-local@127.0.0.1:15432/order',
  approval: 'postgres://approval:approval-local@127.0.0.1:15432/approval',
  equipment: 'postgres://equipment:equipment-local@127.0.0.1:15432/equipment',
  mis: 'mysql://mis:mis-local@127.0.0.1:13306/mis',
} as const;

/** The variable with the address of a service's database. */
const variableOf = (service: keyof typeof DEFAULTS): string =>
  `${service.toUpperCase()}_DATABASE_URL`;

/**
 * Connects to the database of a service that publishes events.
 * @throws Error that names the variable with the address, without the address itself
 */
export async function connectPostgres(
  service: PostgresService,
  environment: NodeJS.ProcessEnv,
): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: addressOf(service, environment),
    connectionTimeoutMillis: 5_000,
    application_name: 'equipmgnt-ops',
    types: { getTypeParser },
    ssl: isEncrypted(environment),
  });
  await client.connect().catch((error: Error) => {
    throw refused(service, error);
  });
  return client;
}

/** Ids are below 2^53. Without this, pg returns them as texts. */
const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid, format) =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format);

/** The same for mis. */
export async function connectMis(environment: NodeJS.ProcessEnv): Promise<Connection> {
  const options = {
    uri: addressOf('mis', environment),
    connectTimeout: 5_000,
    timezone: 'Z',
    ...(isEncrypted(environment) && { ssl: { rejectUnauthorized: true, verifyIdentity: true } }),
  };
  try {
    return await createConnection(options);
  } catch (error) {
    throw refused('mis', error as Error);
  }
}

/** Connects to all databases, for one task, and closes the connections after it. */
export async function withDatabases<Result>(
  environment: NodeJS.ProcessEnv,
  task: (databases: Databases) => Promise<Result>,
): Promise<Result> {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const opened = new Map<PostgresService, pg.Client>();
    for (const service of SERVICES.filter(isPostgresService)) {
      const client = await connectPostgres(service, environment);
      closing.push(() => client.end());
      opened.set(service, client);
    }
    const mis = await connectMis(environment);
    closing.push(() => mis.end());
    return await task({ ...(Object.fromEntries(opened) as Omit<Databases, 'mis'>), mis });
  } finally {
    for (const close of closing) await close().catch(() => undefined);
  }
}

/** The rows of a query to MariaDB. */
export async function queryMis<Row>(
  mis: Connection,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const [rows] = await mis.query<RowDataPacket[]>(sql, values);
  return rows as unknown as Row[];
}

function addressOf(service: keyof typeof DEFAULTS, environment: NodeJS.ProcessEnv): string {
  const url = environment[variableOf(service)] || DEFAULTS[service];
  const { protocol } = new URL(DEFAULTS[service]);
  if (URL.parse(url)?.protocol !== protocol) {
    throw new Error(
      `${variableOf(service)}: expected ${protocol}//user:password@host:port/database`,
    );
  }
  return url;
}

/**
 * Whether the connections use TLS. As in the services, it checks certificates and host names.
 * @throws Error that names the variable
 */
function isEncrypted({ DATABASE_TLS: value = '' }: NodeJS.ProcessEnv): boolean {
  if (['true', 'false', ''].includes(value)) return value === 'true';
  throw new Error(`DATABASE_TLS: expected true or false, got "${value}"`);
}

const refused = (service: keyof typeof DEFAULTS, { message }: Error): Error =>
  new Error(`the database of ${service} (${variableOf(service)}) is unavailable: ${message}`);
