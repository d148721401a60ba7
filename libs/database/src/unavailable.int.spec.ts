import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { createServers, freePorts, LOCAL, provision, removeData } from '@equipmgnt/testing';
import { eventually } from '@equipmgnt/testing/jest';
import { connect } from './connect.ts';
import { isOutcomeUnknown, isTransient } from './errors.ts';
import { readMariadbList, readPostgresList } from './list-reads.ts';
import { mariadbConfig, mariadbOptions, postgresConfig, postgresOptions } from './options.ts';
import { Readiness } from './readiness.ts';
import type { ServiceDatabase } from './service-database.ts';

const schema = { entities: [], migrations: [] };
const directory = join(LOCAL, `unavailable-${randomUUID()}`);
const suffix = `_${randomBytes(4).toString('hex')}`;

/** How a state of the server is entered and left, as its administrator. */
type Change = readonly [enter: string, leave: string];

const roleAndDatabase = `order${suffix}`;
const user = `mis${suffix}`;

describe.each([
  {
    engine: 'PostgreSQL',
    owner: 'order',
    options: (variables: Record<string, string>): DataSourceOptions =>
      postgresOptions('test', readConfig(postgresConfig, variables), schema),
    refusals: [
      [
        `ALTER ROLE ${roleAndDatabase} PASSWORD 'other'`,
        `ALTER ROLE ${roleAndDatabase} PASSWORD '${roleAndDatabase}-local'`,
      ],
      [`ALTER ROLE ${roleAndDatabase} NOLOGIN`, `ALTER ROLE ${roleAndDatabase} LOGIN`],
      [
        `ALTER ROLE ${roleAndDatabase} VALID UNTIL '2020-01-01'`,
        `ALTER ROLE ${roleAndDatabase} VALID UNTIL 'infinity'`,
      ],
      [
        `ALTER ROLE ${roleAndDatabase} CONNECTION LIMIT 0`,
        `ALTER ROLE ${roleAndDatabase} CONNECTION LIMIT -1`,
      ],
      [
        `ALTER DATABASE ${roleAndDatabase} ALLOW_CONNECTIONS false`,
        `ALTER DATABASE ${roleAndDatabase} ALLOW_CONNECTIONS true`,
      ],
      [
        `ALTER DATABASE ${roleAndDatabase} RENAME TO renamed${suffix}`,
        `ALTER DATABASE renamed${suffix} RENAME TO ${roleAndDatabase}`,
      ],
    ] as Change[],
    limit: [
      `ALTER ROLE ${roleAndDatabase} CONNECTION LIMIT 1`,
      `ALTER ROLE ${roleAndDatabase} CONNECTION LIMIT -1`,
    ] as Change,
    readOnly: [
      `ALTER DATABASE ${roleAndDatabase} SET default_transaction_read_only = on`,
      `ALTER DATABASE ${roleAndDatabase} RESET default_transaction_read_only`,
    ] as Change,
    newPassword: `ALTER ROLE ${roleAndDatabase} PASSWORD 'rotated'`,
    isConnected: `SELECT pid AS id FROM pg_stat_activity WHERE usename = '${roleAndDatabase}'`,
    disconnect: (id: number) => `SELECT pg_terminate_backend(${id})`,
    sleep: 'SELECT pg_sleep(1)',
    fullTable: undefined,
  },
  {
    engine: 'MariaDB',
    owner: 'mis',
    options: (variables: Record<string, string>): DataSourceOptions =>
      mariadbOptions(readConfig(mariadbConfig, variables), schema),
    refusals: [
      [
        `ALTER USER ${user} IDENTIFIED BY 'other'`,
        `ALTER USER ${user} IDENTIFIED BY '${user}-local'`,
      ],
      [`ALTER USER ${user} ACCOUNT LOCK`, `ALTER USER ${user} ACCOUNT UNLOCK`],
      [`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${user}`, `GRANT ALL ON ${user}.* TO ${user}`],
      [`ALTER USER ${user} REQUIRE SSL`, `ALTER USER ${user} REQUIRE NONE`],
    ] as Change[],
    limit: [
      `ALTER USER ${user} WITH MAX_USER_CONNECTIONS 1`,
      `ALTER USER ${user} WITH MAX_USER_CONNECTIONS 0`,
    ] as Change,
    readOnly: ['SET GLOBAL read_only = 1', 'SET GLOBAL read_only = 0'] as Change,
    newPassword: `ALTER USER ${user} IDENTIFIED BY 'rotated'`,
    isConnected: `SELECT id FROM information_schema.processlist WHERE user = '${user}'`,
    disconnect: (id: number) => `KILL ${id}`,
    sleep: 'SELECT SLEEP(1)',
    fullTable: `CREATE TABLE small (text varchar(1000)) ENGINE = MEMORY MAX_ROWS = 1`,
  },
] as const)('While $engine', (engine) => {
  let mariadb: ReturnType<typeof createServers>['mariadb'];
  let url: string;
  const databases: ServiceDatabase[] = [];

  const administrate = async (sql: string): Promise<{ id: number }[]> => {
    if (engine.engine === 'MariaDB') {
      const connection = await createConnection({ uri: mariadb.url });
      try {
        return (await connection.query(sql))[0] as { id: number }[];
      } finally {
        await connection.end();
      }
    }
    const client = new pg.Client({ connectionString: process.env['POSTGRES_URL'] as string });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const disconnectAll = async () => {
    for (const { id } of await administrate(engine.isConnected))
      await administrate(engine.disconnect(id)).catch(() => undefined); // it may be gone
  };
  const open = async (variables: Record<string, string> = {}) => {
    const database = await connect(engine.options({ DATABASE_URL: url, ...variables }));
    databases.push(database);
    return database;
  };
  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => error);

  beforeAll(async () => {
    // a server of its own, because read_only is a variable of the whole server
    const [postgres, mariadbPort, kafka, kafkaController] = await freePorts(4);
    const ports = { postgres, mariadb: mariadbPort, kafka, kafkaController } as Record<
      string,
      number
    >;
    mariadb = createServers(directory, ports as never).mariadb;
    await mariadb.start();
    const postgresUrl = process.env['POSTGRES_URL'] as string;
    const urls = await provision({ postgresUrl, mariadbUrl: mariadb.url, suffix });
    url = urls[engine.owner];
  });

  afterEach(async () => {
    await Promise.all(databases.splice(0).map((database) => database.destroy()));
    await eventually(async () => expect(await administrate(engine.isConnected)).toHaveLength(0));
  });

  afterAll(async () => {
    await mariadb.stop();
    await removeData(directory);
  });

  it.each(engine.refusals)('refuses new connections, it says so once: %s', async (enter, leave) => {
    const warn = import.meta.jest.spyOn(Logger.prototype, 'warn');
    const log = import.meta.jest.spyOn(Logger.prototype, 'log');
    const database = await open();
    await disconnectAll(); // a database in use cannot be renamed
    await administrate(enter);
    await disconnectAll();
    const states = () => warn.mock.calls.filter(([text]) => String(text).includes('the database'));
    try {
      warn.mockClear();
      await eventually(async () =>
        expect(isOutcomeUnknown(await failure(database.query('SELECT 1')))).toBe(false),
      );
      for (let request = 0; request < 5; request += 1) {
        const error = await failure(database.query('SELECT 1'));
        expect([isTransient(error), isOutcomeUnknown(error)]).toEqual([true, false]);
      }
      expect(states().length).toBeLessThanOrEqual(2); // it may report a limit, then that nothing is left
      expect(states().length).toBeGreaterThan(0);
    } finally {
      await administrate(leave);
    }
    await eventually(() => database.query('SELECT 1'));
    expect(log).toHaveBeenCalledWith(expect.stringMatching(/again$/));
    warn.mockRestore();
    log.mockRestore();
  });

  it('refuses connections, a start waits and says why', async () => {
    const warn = import.meta.jest.spyOn(Logger.prototype, 'warn');
    const [enter, leave] = engine.refusals[0] as Change;
    await administrate(enter);
    const opened = open();
    await eventually(() =>
      expect(warn).toHaveBeenCalledWith(
        expect.stringMatching(/^the database is unavailable: .*(password|[Aa]ccess denied)/),
      ),
    );
    await administrate(leave);
    await (await opened).query('SELECT 1');
    warn.mockRestore();
  });

  it('refuses one more connection, the service starts and goes on with those that it has', async () => {
    const [enter, leave] = engine.limit;
    await administrate(enter);
    try {
      const database = await open();
      const results = await Promise.all(
        Array.from({ length: 20 }, () => failure(database.query('SELECT 1 AS one'))),
      );
      expect(results).toEqual(results.map(() => [{ one: 1 }]));
      const readiness = new Readiness(database);
      expect(await readiness.check()).toMatchObject({ up: true });
      await readiness.onApplicationShutdown();
    } finally {
      await administrate(leave);
    }
  });

  it('is read-only, the service is not ready, and recovers under constant load', async () => {
    const [enter, leave] = engine.readOnly;
    const database = await open();
    await database.query('CREATE TABLE written (id int)');
    const readiness = new Readiness(database);
    await administrate(enter);
    await disconnectAll();
    const write = () => failure(database.query('INSERT INTO written VALUES (1)'));
    try {
      await eventually(async () => {
        const errors = await Promise.all(Array.from({ length: 10 }, write));
        for (const error of errors) expect(isTransient(error)).toBe(true);
        expect(String(errors[0])).toMatch(/read-only/);
      });
      expect(await readiness.check()).toMatchObject({ up: false });
    } finally {
      await administrate(leave);
    }
    // no pause: connections are never idle, so they are not closed for that reason
    const deadline = performance.now() + 15_000;
    let results: unknown[] = [];
    do results = await Promise.all(Array.from({ length: 10 }, write));
    while (results.some((result) => result instanceof Error) && performance.now() < deadline);
    expect(results.filter((result) => result instanceof Error)).toEqual([]);
    expect(await readiness.check()).toMatchObject({ up: true });
    await readiness.onApplicationShutdown();
  });

  it('gets another password, new connections read it from the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'password-'));
    const file = join(folder, 'password');
    await writeFile(file, `${decodeURIComponent(new URL(url).password)}\n`);
    const withoutPassword = Object.assign(new URL(url), { password: '' }).href;
    const database = await open({ DATABASE_URL: withoutPassword, DATABASE_PASSWORD_FILE: file });
    await administrate(engine.newPassword);
    await writeFile(file, 'rotated\n');
    await disconnectAll();
    await eventually(() => database.query('SELECT 1'));
    await administrate((engine.refusals[0] as Change)[1]);
    await rm(folder, { recursive: true });
  });

  it('is busy with all connections of the pool, readiness is not affected', async () => {
    const database = await open({ DATABASE_POOL_SIZE: '4' });
    const readiness = new Readiness(database);
    await readiness.check();
    let done = false;
    const busy = Promise.all(Array.from({ length: 4 }, () => database.query(engine.sleep)));
    void busy.then(() => (done = true));
    expect(await readiness.check()).toMatchObject({ up: true });
    expect(done).toBe(false);
    await busy;
    await readiness.onApplicationShutdown();
  });

  it('hangs in lists, other statements still get a connection', async () => {
    const database = await open({ DATABASE_POOL_SIZE: '4' });
    const list = () =>
      engine.engine === 'MariaDB'
        ? readMariadbList(database, (query) => query('SELECT SLEEP(60)', []))
        : readPostgresList(database, (manager) => manager.query('SELECT pg_sleep(60)'));
    const lists = Promise.all(Array.from({ length: 20 }, () => failure(list())));
    let listed = false;
    void lists.then(() => (listed = true));
    for (let statement = 0; statement < 20; statement += 1) await database.query('SELECT 1');
    expect(listed).toBe(false);
    for (const error of await lists) expect(isTransient(error)).toBe(true);
  });

  if (engine.fullTable !== undefined) {
    it('has no space for a row, the failure is transient', async () => {
      const database = await open();
      await database.query(engine.fullTable);
      const fill = async () => {
        const rows = Array.from({ length: 1_000 }, () => ['x'.repeat(1_000)]);
        for (;;) await database.query('INSERT INTO small VALUES ?', [rows]);
      };
      const error = await failure(fill());
      expect(String(error)).toMatch(/is full/);
      expect(isTransient(error)).toBe(true);
    });
  }
});
