import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IdempotencyKeys, isTransient } from '@equipmgnt/database';
import { createService } from '@equipmgnt/http';
import { readConfig } from '@equipmgnt/runtime';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { freshDatabases, eventually, testProcessEnv, received } from '@equipmgnt/testing/jest';
import type { NewEquipment } from './domain/equipment.ts';
import { equipmentConfig } from './equipment.config.ts';
import { EquipmentModule } from './equipment.module.ts';
import { ApprovalConsumer } from './inbound/events/approval.consumer.ts';

describe('The equipment service', () => {
  let folder: string;
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let app: NestFastifyApplication;
  let url: string;
  let lastOrder = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'config-'));
    databases = await freshDatabases();
    const config = readConfig(equipmentConfig, {
      ...testProcessEnv,
      DATABASE_URL: databases.urls.equipment,
      KAFKA_BROKERS: '127.0.0.1:1', // no broker, so that events stay in the outbox
      EQUIPMENT: 'tools',
      CATEGORY: 'Seoul',
      CONFIG_DIR: folder,
    });
    const module = EquipmentModule.with(config);
    app = await createService({ name: 'equipment', config, module, isTransient });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
    await databases.drop();
    await rm(folder, { recursive: true });
  });

  const post = (body: object) => request(url).post('/equipments').send(body);
  const registered = async (stock: number): Promise<number> => (await post({ stock })).body.id;
  const anApproval = (equipmentId: number, qty = 2) => ({
    orderId: ++lastOrder,
    approvalId: lastOrder,
    equipmentId,
    qty,
  });
  type Approval = ReturnType<typeof anApproval>;
  const obtained = (...approvals: Approval[]) =>
    app
      .get(ApprovalConsumer)
      .obtained(approvals.map((data) => received('equipmgnt.ApprovalObtained.v1', data)));
  const cancelled = (...approvals: Approval[]) =>
    app
      .get(ApprovalConsumer)
      .cancelled(approvals.map((data) => received('equipmgnt.CancelRequested.v1', data)));
  const stockOf = async (id: number): Promise<number> =>
    (await request(url).get(`/equipments/${id}`)).body.stock;
  const published = async (key: number): Promise<string[]> => {
    const rows: { type: string }[] = await app
      .get(DataSource)
      .query('SELECT type FROM outbox WHERE key = $1 ORDER BY id', [key]);
    return rows
      .map(({ type }) => type.split('.')[1] ?? type)
      .filter((type) => type !== 'EquipmentRegistered');
  };
  /** Equipment that violates: stock = registered - taken + returned. */
  const unbalanced = (): Promise<unknown[]> =>
    app.get(DataSource).query(`
      SELECT e.id, e.stock, e.registered FROM equipments e LEFT JOIN stock_ledger l ON l.equipment_id = e.id
       GROUP BY e.id
      HAVING e.stock <> e.registered
             - coalesce(sum(l.qty) FILTER (WHERE outcome = 'TAKEN'), 0)
             + coalesce(sum(l.qty) FILTER (WHERE outcome = 'RETURNED'), 0)`);

  afterEach(async () => expect(await unbalanced()).toEqual([]));

  describe('when equipment is registered', () => {
    it('answers 201 with its location, and publishes EquipmentRegistered', async () => {
      const { body, headers } = await post({ stock: 10, name: ' Drill ', region: 'Busan' }).expect(
        201,
      );
      expect(body).toMatchObject({
        name: 'Drill',
        category: 'tools',
        region: 'Busan',
        stock: 10,
        status: 'AVAILABLE',
      });
      expect(headers['location']).toBe(`${url}/equipments/${body.id}`);
      await request(url).get(`/equipments/${body.id}`).expect(200, body);
      const [event] = await app
        .get(DataSource)
        .query(`SELECT data FROM outbox WHERE type LIKE '%Registered%' AND key = $1`, [body.id]);
      expect(event.data).toEqual({
        equipmentId: body.id,
        stock: 10,
        name: 'Drill',
        category: 'tools',
        region: 'Busan',
      });
    });

    it('stores, publishes and shows every field', async () => {
      const everything: Required<NewEquipment> = {
        stock: 3,
        name: 'Drill',
        category: 'hand tools',
        region: 'Busan',
      };
      const { body } = await post(everything).expect(201);
      expect(body).toMatchObject(everything);
      const { body: list } = await request(url).get('/equipments?sort=id,desc&size=1');
      expect(list._embedded.equipments).toEqual([body]);
      const [event] = await app
        .get(DataSource)
        .query(`SELECT data FROM outbox WHERE type LIKE '%Registered%' AND key = $1`, [body.id]);
      expect(event.data).toEqual({ ...everything, equipmentId: body.id });
    });

    it('takes the same name in NFD and NFC for one name', async () => {
      const details = { name: '전동 드릴', category: '공구', region: '부산' };
      const inNfd = Object.entries(details).map(([field, value]) => [
        field,
        value.normalize('NFD'),
      ]);
      const { body } = await post({ stock: 1, ...Object.fromEntries(inNfd) }).expect(201);
      expect(body).toMatchObject(details);
    });

    it('uses the defaults of the configuration folder without a restart', async () => {
      await writeFile(join(folder, 'region'), 'Jeju');
      await eventually(async () =>
        expect((await post({ stock: 1 })).body).toMatchObject({
          category: 'tools',
          region: 'Jeju',
        }),
      );
    });

    it('accepts a stock of 0', async () => {
      const { body } = await post({ stock: '0' }).expect(201);
      expect(body.status).toBe('OUT_OF_STOCK');
    });

    it.each([
      [{}, '#/stock'],
      [{ stock: -1 }, '#/stock'],
      [{ stock: 2 ** 31 }, '#/stock'],
      [{ stock: 1, name: '' }, '#/name'],
      [{ stock: 1, name: 'x'.repeat(201) }, '#/name'],
      [{ stock: 1, name: 'a\u0000b' }, '#/name'],
      [{ stock: 1, category: 'a\nb' }, '#/category'],
      [{ stock: 1, name: '\u200B' }, '#/name'],
      [{ stock: 1, category: 'a\u202Eb' }, '#/category'],
      [{ stock: 1, region: 5 }, '#/region'],
      [{ stock: 1, id: 7 }, '#/id'],
    ])('rejects %j', async (body, pointer) => {
      const { body: problem } = await post(body).expect(400);
      expect(problem.errors).toMatchObject([{ in: 'body', pointer }]);
    });

    it.each([
      ['get', '/equipments/999999999', 404],
      ['get', '/equipments/0', 400],
      ['put', '/equipments/1', 405],
      ['delete', '/equipments/1', 405],
    ] as const)('answers %s %s with a problem', async (method, path, status) => {
      const { body } = await request(url)[method](path).expect(status);
      expect(body).toMatchObject({ status, instance: path });
    });
  });

  describe('with an Idempotency-Key', () => {
    const drill = { stock: 10, name: 'Drill' };
    let key: string;

    beforeEach(() => {
      key = `key-${Math.random()}`;
    });
    const send = (body: object = drill) => post(body).set('idempotency-key', key);
    const counted = async (): Promise<[number, number]> => {
      const count = 'SELECT count(*) AS n FROM';
      const database = app.get(DataSource);
      const [[equipments], [events]] = await Promise.all([
        database.query(`${count} equipments`),
        database.query(`${count} outbox WHERE type LIKE '%Registered%'`),
      ]);
      return [equipments.n, events.n];
    };

    it('registers once, and repeats the first answer after the stock has changed', async () => {
      const first = await send().expect(201);
      await obtained(anApproval(first.body.id));
      const before = await counted();
      const second = await send().expect(201);
      expect(second.body).toEqual(first.body);
      expect(second.headers['location']).toBe(first.headers['location']);
      const quoted = await post(drill).set('idempotency-key', `"${key}"`).expect(201);
      expect(quoted.body).toEqual(first.body);
      expect(await counted()).toEqual(before);
    });

    it('registers once for many concurrent requests', async () => {
      const [equipments, events] = await counted();
      const answers = await Promise.all(Array.from({ length: 20 }, () => send()));
      expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
      expect(answers[0]?.status).toBe(201);
      expect(await counted()).toEqual([equipments + 1, events + 1]);
    });

    it('recognises the same request after the defaults have changed', async () => {
      const first = await send().expect(201);
      await writeFile(join(folder, 'equipment'), `${Math.random()}`);
      await eventually(async () =>
        expect((await post({ stock: 1 })).body.category).not.toBe(first.body.category),
      );
      const second = await send().expect(201);
      expect(second.body).toEqual(first.body);
    });

    it.each([{ ...drill, stock: 11 }, { stock: 10 }, { ...drill, region: 'Busan' }])(
      'answers 422 to %j, which is another request with the same key',
      async (other) => {
        await send().expect(201);
        const before = await counted();
        const { body } = await send(other).expect(422);
        expect(body.type).toBe('urn:equipmgnt:problem:idempotency-key-reused');
        expect(await counted()).toEqual(before);
      },
    );

    it('registers again when the key is old enough to be deleted', async () => {
      const first = await send().expect(201);
      while ((await app.get(IdempotencyKeys).forget(new Date(Date.now() + 1_000), 1_000)) > 0);
      const second = await send().expect(201);
      expect(second.body.id).not.toBe(first.body.id);
    });
  });

  describe('when an order is approved', () => {
    it('hands out its units once, however often the event is delivered', async () => {
      const id = await registered(10);
      const approval = anApproval(id);
      await obtained(approval);
      await obtained(approval, approval);
      expect(await stockOf(id)).toBe(8);
      expect(await published(approval.orderId)).toEqual(['StockDecreased']);
    });

    it('refuses when there are too few units, and keeps that decision', async () => {
      const id = await registered(1);
      const approval = anApproval(id);
      await obtained(approval);
      await obtained(approval);
      expect(await stockOf(id)).toBe(1);
      expect(await published(approval.orderId)).toEqual(['StockRejected']);
    });

    it('refuses unknown equipment once, also with concurrent consumers', async () => {
      const approval = anApproval(888_888_888);
      await Promise.all(Array.from({ length: 5 }, () => obtained(approval)));
      expect(await published(approval.orderId)).toEqual(['StockRejected']);
    });

    it('hands out exactly the stock, in the order of the approvals', async () => {
      const id = await registered(10);
      const approvals = Array.from({ length: 50 }, () => anApproval(id, 1));
      await obtained(...approvals);
      const outcomes = await Promise.all(approvals.map(({ orderId }) => published(orderId)));
      expect(outcomes.flat()).toEqual([
        ...Array.from({ length: 10 }, () => 'StockDecreased'),
        ...Array.from({ length: 40 }, () => 'StockRejected'),
      ]);
      expect(await stockOf(id)).toBe(0);
    });

    it('hands out exactly the stock with concurrent consumers', async () => {
      const [one, two] = [await registered(10), await registered(10)];
      const approvals = Array.from({ length: 60 }, (_, i) => anApproval(i % 2 ? one : two, 1));
      // each batch has both kinds of equipment, in either order; half of the batches are delivered twice
      const batches = Array.from({ length: 10 }, (_, i) => approvals.slice(i * 6, i * 6 + 6));
      await Promise.all(
        [...batches, ...batches.slice(5)].map((batch, i) =>
          obtained(...(i % 2 ? batch : batch.toReversed())),
        ),
      );
      expect([await stockOf(one), await stockOf(two)]).toEqual([0, 0]);
      const outcomes = (
        await Promise.all(approvals.map(({ orderId }) => published(orderId)))
      ).flat();
      expect(outcomes.filter((outcome) => outcome === 'StockDecreased')).toHaveLength(20);
      expect(outcomes.filter((outcome) => outcome === 'StockRejected')).toHaveLength(40);
    });
  });

  describe('when an approval is cancelled', () => {
    it('takes back its units once, however often the event is delivered', async () => {
      const id = await registered(10);
      const approval = anApproval(id);
      await obtained(approval);
      await cancelled(approval);
      await cancelled(approval, approval);
      await obtained(approval);
      expect(await stockOf(id)).toBe(10);
      expect(await published(approval.orderId)).toEqual(['StockDecreased', 'StockIncreased']);
    });

    it('hands out nothing when the approval comes after its cancellation', async () => {
      const id = await registered(10);
      const approval = anApproval(id);
      await cancelled(approval);
      await obtained(approval);
      expect(await stockOf(id)).toBe(10);
      expect(await published(approval.orderId)).toEqual([]);
    });

    it('takes back nothing for a refused order', async () => {
      const id = await registered(1);
      const approval = anApproval(id);
      await obtained(approval);
      await cancelled(approval);
      expect(await stockOf(id)).toBe(1);
      expect(await published(approval.orderId)).toEqual(['StockRejected']);
    });

    it('makes the units available to the next order', async () => {
      const id = await registered(2);
      const [first, second, third] = [anApproval(id), anApproval(id), anApproval(id)];
      await obtained(first, second);
      await cancelled(first, second);
      await obtained(third);
      expect(await stockOf(id)).toBe(0);
      expect(await published(third.orderId)).toEqual(['StockDecreased']);
    });
  });

  it('rejects negative stock with a CHECK constraint', async () => {
    const id = await registered(1);
    const write = app.get(DataSource).query('UPDATE equipments SET stock = -1 WHERE id = $1', [id]);
    await expect(write).rejects.toThrow(/violates check constraint/);
  });
});
