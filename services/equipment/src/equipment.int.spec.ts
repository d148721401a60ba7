import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTransient } from '@equipmgnt/database';
import { createService } from '@equipmgnt/http';
import { readConfig } from '@equipmgnt/runtime';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { freshDatabases, eventually, testProcessEnv, received } from '@equipmgnt/testing/jest';
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
      KAFKA_BROKERS: '127.0.0.1:1', // nobody: what is published stays in the outbox
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
  const told = async (key: number): Promise<string[]> => {
    const rows: { type: string }[] = await app
      .get(DataSource)
      .query('SELECT type FROM outbox WHERE key = $1 ORDER BY id', [key]);
    return rows
      .map(({ type }) => type.split('.')[1] ?? type)
      .filter((type) => type !== 'EquipmentRegistered');
  };
  /** stock = registered - taken + returned, for all equipment */
  const unbalanced = (): Promise<unknown[]> =>
    app.get(DataSource).query(`
      SELECT e.id, e.stock, e.registered FROM equipments e LEFT JOIN stock_ledger l ON l.equipment_id = e.id
       GROUP BY e.id
      HAVING e.stock <> e.registered
             - coalesce(sum(l.qty) FILTER (WHERE outcome = 'TAKEN'), 0)
             + coalesce(sum(l.qty) FILTER (WHERE outcome = 'RETURNED'), 0)`);

  afterEach(async () => expect(await unbalanced()).toEqual([]));

  describe('when equipment is registered', () => {
    it('answers 201 with it and where it is, and tells of it', async () => {
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

    it('gets the defaults of its configuration folder, as soon as they are there', async () => {
      await writeFile(join(folder, 'region'), 'Jeju');
      await eventually(async () =>
        expect((await post({ stock: 1 })).body).toMatchObject({
          category: 'tools',
          region: 'Jeju',
        }),
      );
    });

    it('may have no stock yet', async () => {
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
      [{ stock: 1, region: 5 }, '#/region'],
      [{ stock: 1, id: 7 }, '#/id'],
    ])('refuses %j', async (body, pointer) => {
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

  describe('when an order is approved', () => {
    it('hands its units out, once, however often it is told', async () => {
      const id = await registered(10);
      const approval = anApproval(id);
      await obtained(approval);
      await obtained(approval, approval);
      expect(await stockOf(id)).toBe(8);
      expect(await told(approval.orderId)).toEqual(['StockDecreased']);
    });

    it('refuses when there are too few, and stays with that', async () => {
      const id = await registered(1);
      const approval = anApproval(id);
      await obtained(approval);
      await obtained(approval);
      expect(await stockOf(id)).toBe(1);
      expect(await told(approval.orderId)).toEqual(['StockRejected']);
    });

    it('refuses when there is no such equipment, also to two consumers at once', async () => {
      const approval = anApproval(888_888_888);
      await Promise.all(Array.from({ length: 5 }, () => obtained(approval)));
      expect(await told(approval.orderId)).toEqual(['StockRejected']);
    });

    it('hands out exactly what is there to a crowd, in the order in which they come', async () => {
      const id = await registered(10);
      const crowd = Array.from({ length: 50 }, () => anApproval(id, 1));
      await obtained(...crowd);
      const outcomes = await Promise.all(crowd.map(({ orderId }) => told(orderId)));
      expect(outcomes.flat()).toEqual([
        ...Array.from({ length: 10 }, () => 'StockDecreased'),
        ...Array.from({ length: 40 }, () => 'StockRejected'),
      ]);
      expect(await stockOf(id)).toBe(0);
    });

    it('hands out exactly what is there when many consumers handle at once', async () => {
      const [one, two] = [await registered(10), await registered(10)];
      const crowd = Array.from({ length: 60 }, (_, i) => anApproval(i % 2 ? one : two, 1));
      // each batch names both, in either order, and half of them come twice
      const batches = Array.from({ length: 10 }, (_, i) => crowd.slice(i * 6, i * 6 + 6));
      await Promise.all(
        [...batches, ...batches.slice(5)].map((batch, i) =>
          obtained(...(i % 2 ? batch : batch.toReversed())),
        ),
      );
      expect([await stockOf(one), await stockOf(two)]).toEqual([0, 0]);
      const outcomes = (await Promise.all(crowd.map(({ orderId }) => told(orderId)))).flat();
      expect(outcomes.filter((outcome) => outcome === 'StockDecreased')).toHaveLength(20);
      expect(outcomes.filter((outcome) => outcome === 'StockRejected')).toHaveLength(40);
    });
  });

  describe('when an approval is cancelled', () => {
    it('takes its units back, once, however often it is told', async () => {
      const id = await registered(10);
      const approval = anApproval(id);
      await obtained(approval);
      await cancelled(approval);
      await cancelled(approval, approval);
      await obtained(approval);
      expect(await stockOf(id)).toBe(10);
      expect(await told(approval.orderId)).toEqual(['StockDecreased', 'StockIncreased']);
    });

    it('hands nothing out for an approval that comes after its cancellation', async () => {
      const id = await registered(10);
      const approval = anApproval(id);
      await cancelled(approval);
      await obtained(approval);
      expect(await stockOf(id)).toBe(10);
      expect(await told(approval.orderId)).toEqual([]);
    });

    it('gives nothing back of what was refused', async () => {
      const id = await registered(1);
      const approval = anApproval(id);
      await obtained(approval);
      await cancelled(approval);
      expect(await stockOf(id)).toBe(1);
      expect(await told(approval.orderId)).toEqual(['StockRejected']);
    });

    it('makes the units available to the next', async () => {
      const id = await registered(2);
      const [first, second, third] = [anApproval(id), anApproval(id), anApproval(id)];
      await obtained(first, second);
      await cancelled(first, second);
      await obtained(third);
      expect(await stockOf(id)).toBe(0);
      expect(await told(third.orderId)).toEqual(['StockDecreased']);
    });
  });

  it('never has less than nothing, whoever may write to its database', async () => {
    const id = await registered(1);
    const write = app.get(DataSource).query('UPDATE equipments SET stock = -1 WHERE id = $1', [id]);
    await expect(write).rejects.toThrow(/violates check constraint/);
  });
});
