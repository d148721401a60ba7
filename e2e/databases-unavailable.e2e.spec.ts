import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import {
  LOCAL,
  provision,
  startInfrastructure,
  Suite,
  type Infrastructure,
} from '@equipmgnt/testing';
import { Api, eventually, SuiteClient } from '@equipmgnt/testing/jest';

const DIRECTORY = join(LOCAL, `e2e-${randomUUID()}`);

describe('While a database is unavailable', () => {
  let infrastructure: Infrastructure;
  let suite: Suite;
  let client: SuiteClient;
  let api: Api;

  beforeAll(async () => {
    infrastructure = await startInfrastructure({ directory: DIRECTORY });
    const { postgres, mariadb, kafka } = infrastructure;
    const databases = await provision({ postgresUrl: postgres.url, mariadbUrl: mariadb.url });
    const connections = { databases, kafkaBrokers: kafka.url };
    suite = await Suite.start({
      infrastructure: connections,
      env: { order: { APPROVAL_TIMEOUT_MS: '5000' } },
    });
    api = new Api(suite.gateway[0].url);
    client = new SuiteClient(api, connections);
  });

  afterAll(async () => {
    await suite?.stop();
    await infrastructure?.remove();
    await rm(DIRECTORY, { recursive: true, force: true });
  });

  const health = async (service: { url: string }, probe: string) =>
    (await new Api(service.url).get(`/actuator/health/${probe}`)).status;

  it('answers 503 without PostgreSQL, and works again when it is back', async () => {
    const equipmentId = await client.register(100);
    const { id } = await client.order(equipmentId);
    await eventually(async () => expect((await api.get(`/mis/${id}`)).status).toBe(200));
    await infrastructure.postgres.kill();

    const repeatable = [
      await api.post('/orders', { qty: 1, equipmentId }, { 'idempotency-key': 'unavailable' }),
      await api.get(`/orders/${id}`),
    ];
    for (const answer of repeatable) expect(answer.headers.get('retry-after')).toBe('2');
    for (const answer of [...repeatable, await api.post('/equipments', { stock: 1 })]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(answer.body.type).toBe('urn:equipmgnt:problem:database-unavailable');
    }
    for (const service of [suite.order[0], suite.approval[0], suite.equipment[0]]) {
      expect(await health(service, 'readiness')).toBe(503);
      expect(await health(service, 'liveness')).toBe(200); // a restart would not help
    }
    expect((await api.get(`/mis/${id}`)).status).toBe(200);

    await infrastructure.postgres.start();
    await eventually(async () => expect((await client.order(equipmentId)).status).toBe(201));
    await eventually(async () => expect(await health(suite.order[0], 'readiness')).toBe(200));
    await client.waitUntilConsistent();
  });

  it('handles orders without MariaDB, and updates the view when it is back', async () => {
    const equipmentId = await client.register(100);
    await infrastructure.mariadb.kill();
    const orders = await Promise.all(Array.from({ length: 20 }, () => client.order(equipmentId)));
    expect(orders.map(({ status }) => status)).toEqual(orders.map(() => 201));
    await eventually(async () => expect(await client.stockOf(equipmentId)).toBe(80));
    expect((await api.get('/mis')).status).toBe(503);
    expect(await health(suite.mis[0], 'readiness')).toBe(503);
    expect(await health(suite.mis[0], 'liveness')).toBe(200);

    await infrastructure.mariadb.start();
    await client.waitUntilConsistent();
  });

  it('delays the start of a service until its database is available', async () => {
    const [order] = suite.order;
    await order.stop();
    await infrastructure.postgres.kill();
    const started = order.start();
    await eventually(() => order.lines.some((line) => line.includes('database is unavailable')));
    await infrastructure.postgres.start();
    await started;
    const equipmentId = await client.register(1);
    expect((await client.order(equipmentId)).status).toBe(201);
  });

  it('answers 503 while PostgreSQL refuses the user, and logs it once', async () => {
    const [order] = suite.order;
    await withPostgres('ALTER ROLE "order" PASSWORD \'other\'');
    await withPostgres(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'order'`,
    );
    const lines = () =>
      order.lines.filter((line) => line.includes('password authentication failed'));
    await eventually(async () => expect((await api.get('/orders')).status).toBe(503));
    await eventually(() => lines().length > 0);
    for (let request = 0; request < 10; request += 1) {
      const answer = await api.get('/orders');
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('2');
      expect(answer.body.type).toBe('urn:equipmgnt:problem:database-unavailable');
    }
    expect(lines().filter((line) => line.includes('the database is unavailable'))).toHaveLength(1);
    expect(order.lines.filter((line) => line.includes('"level":50'))).toEqual([]);
    await withPostgres('ALTER ROLE "order" PASSWORD \'order-local\'');
    await eventually(async () => expect((await api.get('/orders')).status).toBe(200));
  });

  it.each(['order', 'mis'] as const)('stops %s in order while its database hangs', async (name) => {
    const [service] = suite.of(name);
    const pids =
      name === 'mis'
        ? [infrastructure.mariadb.pid as number]
        : [...(await backends()), infrastructure.postgres.pid as number];
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      const path = name === 'mis' ? '/mis' : '/orders';
      const hanging = new Api(service.url).get(path).catch(() => undefined);
      const exited = new Promise((resolve) => service.onUnexpectedExit(resolve));
      await eventually(async () => expect(await health(service, 'readiness')).toBe(503));
      process.kill(service.pid as number, 'SIGTERM');
      expect(await exited).toMatchObject({ code: 0 });
      await hanging;
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await service.start();
  });

  const withPostgres = async (sql: string): Promise<{ pid: number }[]> => {
    const client = new pg.Client({ connectionString: infrastructure.postgres.url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const backends = async () =>
    (await withPostgres('SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()')).map(
      ({ pid }) => pid,
    );
});
