import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { provision, startInfrastructure, Suite, type Infrastructure } from '@equipmgnt/testing';
import { Api, eventually, Shop } from '@equipmgnt/testing/jest';

const DIRECTORY = join(resolve(import.meta.dirname, '..'), '.local', `e2e-${randomUUID()}`);

describe('While a database is away', () => {
  let infrastructure: Infrastructure;
  let suite: Suite;
  let shop: Shop;
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
    shop = new Shop(api, connections);
  });

  afterAll(async () => {
    await suite?.stop();
    await infrastructure?.remove();
    await rm(DIRECTORY, { recursive: true, force: true });
  });

  const health = async (service: { url: string }, probe: string) =>
    (await new Api(service.url).get(`/actuator/health/${probe}`)).status;

  it('PostgreSQL: requests get a 503 in bounded time, and afterwards everything goes on', async () => {
    const equipmentId = await shop.register(100);
    const { id } = await shop.order(equipmentId);
    await eventually(async () => expect((await api.get(`/mis/${id}`)).status).toBe(200));
    await infrastructure.postgres.kill();

    const repeatable = [
      await api.post('/orders', { qty: 1, equipmentId }, { 'idempotency-key': 'away' }),
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
      expect(await health(service, 'liveness')).toBe(200); // a restart would not bring it back
    }
    expect((await api.get(`/mis/${id}`)).status).toBe(200);

    await infrastructure.postgres.start();
    await eventually(async () => expect((await shop.order(equipmentId)).status).toBe(201));
    await eventually(async () => expect(await health(suite.order[0], 'readiness')).toBe(200));
    await shop.balances();
  });

  it('MariaDB: orders go their way, and the view catches up', async () => {
    const equipmentId = await shop.register(100);
    await infrastructure.mariadb.kill();
    const orders = await Promise.all(Array.from({ length: 20 }, () => shop.order(equipmentId)));
    expect(orders.map(({ status }) => status)).toEqual(orders.map(() => 201));
    await eventually(async () => expect(await shop.stockOf(equipmentId)).toBe(80));
    expect((await api.get('/mis')).status).toBe(503);
    expect(await health(suite.mis[0], 'readiness')).toBe(503);
    expect(await health(suite.mis[0], 'liveness')).toBe(200);

    await infrastructure.mariadb.start();
    await shop.balances();
  });

  it('at its start, a service waits for it and then begins by itself', async () => {
    const [order] = suite.order;
    await order.stop();
    await infrastructure.postgres.kill();
    const started = order.start();
    await eventually(() => order.lines.some((line) => line.includes('database is unavailable')));
    await infrastructure.postgres.start();
    await started;
    const equipmentId = await shop.register(1);
    expect((await shop.order(equipmentId)).status).toBe(201);
  });
});
