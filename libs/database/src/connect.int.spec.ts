import { once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import { readConfig } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import type { DataSource, DataSourceOptions, MigrationInterface, QueryRunner } from 'typeorm';
import { eventually, freshDatabases } from '@equipmgnt/testing/jest';
import { connect } from './connect.ts';
import { isTransient } from './errors.ts';
import { migrate } from './migrate.ts';
import {
  mariadbConfig,
  mariadbOptions,
  postgresConfig,
  postgresOptions,
  type Schema,
} from './options.ts';

/** A TCP proxy that can stop forwarding without closing, as when the server's machine loses power. */
async function proxyTo(to: URL, host = '127.0.0.1') {
  const pairs: [Socket, Socket][] = [];
  const server = createServer((near) => {
    const far = connectTcp(Number(to.port), to.hostname);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
    pairs.push([near, far]);
  }).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(to), { host: `${host.includes(':') ? `[${host}]` : host}:${port}` })
      .href,
    stopForwarding: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
      }
    },
    close: () => {
      for (const socket of pairs.flat()) socket.destroy();
      server.close();
    },
  };
}

describe.each([
  [
    'PostgreSQL',
    'order',
    `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'`,
    'SELECT pg_sleep(11)', // longer than the limit of other statements
    (url: string, schema: Schema) =>
      postgresOptions('test', readConfig(postgresConfig, { DATABASE_URL: url }), schema),
  ],
  [
    'MariaDB',
    'mis',
    `SELECT IS_USED_LOCK('migrations') IS NOT NULL AS n`,
    'SELECT SLEEP(26)', // longer than the idle timeout of other connections
    (url: string, schema: Schema) =>
      mariadbOptions(readConfig(mariadbConfig, { DATABASE_URL: url }), schema),
  ],
] as const)('Connected to %s', (_, owner, countLocks, takeTime, optionsFor) => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  const opened: DataSource[] = [];
  const open = async (options: DataSourceOptions): Promise<DataSource> => {
    const database = await connect(options);
    opened.push(database);
    return database;
  };

  beforeAll(async () => {
    databases = await freshDatabases();
  });

  afterAll(async () => {
    await Promise.all(opened.map((database) => database.destroy()));
    await databases.drop();
  });

  it('migrates once with concurrent replicas, a slow migration and a transient failure', async () => {
    let attempts = 0;
    class Migration1700000000001 implements MigrationInterface {
      readonly name = 'Migration1700000000001';
      async up(runner: QueryRunner): Promise<void> {
        attempts += 1;
        const lockTimeout = Object.assign(new Error('lock timeout'), { code: '55P03' });
        if (attempts === 1) throw lockTimeout;
        await runner.query(takeTime);
      }
      async down(): Promise<void> {}
    }
    const warn = import.meta.jest.spyOn(Logger.prototype, 'warn');
    const schema = { entities: [], migrations: [Migration1700000000001] };
    const options = optionsFor(databases.urls[owner], schema);
    const [database] = await Promise.all([open(options), open(options)]);
    expect(attempts).toBe(2);
    const failed = 'Migration "Migration1700000000001" failed, error: lock timeout';
    expect(warn).toHaveBeenCalledWith(failed);
    warn.mockRestore();
    const [{ n }] = await database.query(countLocks);
    expect(Number(n)).toBe(0);
  });

  it('waits for a schema that is older, and works with one that is newer', async () => {
    const migration = (name: string) =>
      class implements MigrationInterface {
        readonly name = name;
        async up(): Promise<void> {}
        async down(): Promise<void> {}
      };
    const first = migration('First1700000000011');
    const second = migration('Second1700000000012');
    const options = (migrations: Schema['migrations'], migrationsRun: boolean) =>
      ({
        ...optionsFor(databases.urls[owner], { entities: [], migrations }),
        migrationsRun,
      }) as DataSourceOptions;
    await open(options([first], true));
    const warn = import.meta.jest.spyOn(Logger.prototype, 'warn');
    const waiting = open(options([first, second], false));
    await eventually(() =>
      expect(warn).toHaveBeenCalledWith(
        'the schema is older than this version, waiting: it lacks Second1700000000012',
      ),
    );
    warn.mockRestore();
    await migrate(options([first, second], true));
    await waiting;
    await open(options([first], false));
  });

  it('connects to an IPv6 address', async () => {
    const server = await proxyTo(new URL(databases.urls[owner]), '::1');
    const database = await open(optionsFor(server.url, { entities: [], migrations: [] }));
    await expect(database.query('SELECT 1 AS one')).resolves.toMatchObject([{ one: 1 }]);
    server.close();
  });

  it('fails a query of a server that is gone after the idle timeout, and connects again', async () => {
    const server = await proxyTo(new URL(databases.urls[owner]));
    const database = await open(optionsFor(server.url, { entities: [], migrations: [] }));
    server.stopForwarding();
    const error: unknown = await database.query('SELECT 1').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ driverError: { code: 'ETIMEDOUT' } });
    expect(isTransient(error)).toBe(true);
    await expect(database.query('SELECT 1 AS one')).resolves.toMatchObject([{ one: 1 }]);
    server.close();
  });
});

/** A server that answers every start-up of a connection with an error, as a connection pooler does. */
async function refusingPooler(message: string) {
  const field = (name: string, text: string) => `${name}${text}\0`;
  const fields = `${field('S', 'FATAL')}${field('C', '08P01')}${field('M', message)}\0`;
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + Buffer.byteLength(fields));
  const answer = Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)]);
  const server = createServer((socket) =>
    socket.once('data', () => socket.end(answer)).on('error', () => undefined),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `postgres://order@127.0.0.1:${port}/order`, close: () => server.close() };
}

it('ends with one line when a pooler refuses a start-up parameter', async () => {
  const pooler = await refusingPooler('unsupported startup parameter: statement_timeout');
  const config = readConfig(postgresConfig, { DATABASE_URL: pooler.url });
  const connected = connect(postgresOptions('test', config, { entities: [], migrations: [] }));
  await expect(connected).rejects.toThrow(
    /^DATABASE_URL: the connection pooler there refuses the start-up parameter statement_timeout; [^\n]*$/,
  );
  pooler.close();
});
