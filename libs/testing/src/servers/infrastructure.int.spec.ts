import { mkdir, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { startInfrastructure, type Infrastructure } from './infrastructure.ts';
import { dropProvisioned, provision } from './provision.ts';
import { fallbackFor } from './unprivileged.ts';

// The first start downloads the servers.
const START_MS = 10 * 60_000;
import.meta.jest.setTimeout(2 * 60_000);

describe('Infrastructure', () => {
  let directory: string;
  let servers: Infrastructure;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'infrastructure-'));
    servers = await startInfrastructure({ directory });
  }, START_MS);
  afterAll(async () => {
    await servers?.remove();
  });

  const urls = () => ({ postgresUrl: servers.postgres.url, mariadbUrl: servers.mariadb.url });

  async function query(url: string, sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async function queryMariadb(url: string, sql: string): Promise<unknown> {
    const connection = await createConnection(url);
    try {
      return (await connection.query(sql))[0];
    } finally {
      await connection.end();
    }
  }

  describe('PostgreSQL', () => {
    it('keeps committed data when it is killed', async () => {
      const { url } = servers.postgres;
      await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      await servers.postgres.kill();
      await servers.postgres.start();
      expect(await query(url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
    });

    it('has fsync on, and enough connections for two replicas of three services', async () => {
      const show = async (name: string) =>
        Object.values((await query(servers.postgres.url, `SHOW ${name}`))[0]!)[0];
      expect(await show('fsync')).toBe('on');
      expect(Number(await show('max_connections'))).toBeGreaterThanOrEqual(3 * 2 * 20);
    });
  });

  describe('MariaDB', () => {
    it('keeps committed data when it is killed', async () => {
      const { url } = servers.mariadb;
      await queryMariadb(url, 'CREATE DATABASE kept');
      await queryMariadb(url, 'CREATE TABLE kept.kept AS SELECT 42 AS answer');
      await servers.mariadb.kill();
      await servers.mariadb.start();
      expect(await queryMariadb(url, 'SELECT * FROM kept.kept')).toEqual([{ answer: 42 }]);
    });
  });

  describe('Kafka', () => {
    const messages = [{ value: 'kept' }];

    it('keeps messages when it is killed', async () => {
      const client = () => new Kafka({ brokers: [servers.kafka.url], logLevel: logLevel.NOTHING });
      const topic = 'kept';
      const admin = client().admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
      const producer = client().producer();
      await producer.connect();
      await producer.send({ topic, messages });
      await Promise.all([producer.disconnect(), admin.disconnect()]);

      await servers.kafka.kill();
      await servers.kafka.start();

      const later = client().admin();
      await later.connect();
      const [offsets] = await later.fetchTopicOffsets(topic);
      await later.disconnect();
      expect(offsets?.high).toBe('1');
    });
  });

  describe('provision', () => {
    it('gives each service a database that it owns', async () => {
      const databases = await provision(urls());
      await query(databases.order, 'CREATE TABLE mine (id int)');
      await queryMariadb(databases.mis, 'CREATE TABLE mine (id int)');
      expect(new URL(databases.order).pathname).toBe('/order');
    });

    it('can be repeated and keeps the data', async () => {
      const databases = await provision(urls());
      await query(databases.order, 'CREATE TABLE kept (id int)');
      expect(await provision(urls())).toEqual(databases);
      expect(await query(databases.order, 'SELECT * FROM kept')).toEqual([]);
    });

    it('does not allow a service to connect to the database of another', async () => {
      const { order, approval } = await provision(urls());
      const url = new URL(order);
      url.pathname = new URL(approval).pathname;
      await expect(query(url.href, 'SELECT 1')).rejects.toThrow(
        'permission denied for database "approval"',
      );
    });

    it('shows mis only its own database, not one with a similar name', async () => {
      const { mis } = await provision({ ...urls(), suffix: '_a' });
      await queryMariadb(servers.mariadb.url, 'CREATE DATABASE misXa');
      expect(await queryMariadb(mis, 'SHOW DATABASES')).toEqual([
        { Database: 'information_schema' },
        { Database: 'mis_a' },
      ]);
    });

    it('creates separate sets for separate suffixes, and drops one of them', async () => {
      const first = await provision({ ...urls(), suffix: '_t1' });
      const second = await provision({ ...urls(), suffix: '_t2' });
      await dropProvisioned({ ...urls(), suffix: '_t1' });
      await expect(query(first.order, 'SELECT 1')).rejects.toThrow();
      await expect(queryMariadb(first.mis, 'SELECT 1')).rejects.toThrow();
      expect(await query(second.order, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(await queryMariadb(second.mis, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('works with an administrator who may only create databases and roles', async () => {
      const create = "CREATE ROLE limited LOGIN CREATEDB CREATEROLE PASSWORD 'x'";
      await query(servers.postgres.url, create);
      const limited = new URL(servers.postgres.url);
      limited.username = 'limited';
      limited.password = 'x';
      const options = { ...urls(), postgresUrl: limited.href, suffix: '_l' };
      const databases = await provision(options);
      expect(await provision(options)).toEqual(databases);
      expect(await query(databases.order, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('rejects a suffix with other characters than letters, digits and underscores', async () => {
      await expect(provision({ ...urls(), suffix: '-x' })).rejects.toThrow('expected letters');
    });
  });

  it('initialises empty data folders, and deletes all files when it is removed', async () => {
    const own = await mkdtemp(join(tmpdir(), 'infrastructure-'));
    for (const name of ['postgres', 'mariadb', 'kafka/logs']) {
      await mkdir(join(own, 'data', name), { recursive: true });
    }
    const short = await startInfrastructure({ directory: own });
    await short.remove();
    await expect(stat(own)).rejects.toThrow('ENOENT');
    await expect(stat(fallbackFor(join(own, 'data/postgres')))).rejects.toThrow('ENOENT');
  });
});
