import { isTransient } from '@equipmgnt/database';
import { createService } from '@equipmgnt/http';
import { readConfig } from '@equipmgnt/runtime';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { freshDatabases, testProcessEnv, received } from '@equipmgnt/testing/jest';
import { approvalConfig } from './approval.config.ts';
import { ApprovalModule } from './approval.module.ts';
import { EquipmentConsumer } from './inbound/events/equipment.consumer.ts';
import { OrderConsumer } from './inbound/events/order.consumer.ts';

describe('The approval service', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let app: NestFastifyApplication;
  let url: string;
  let lastOrder = 0;

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(approvalConfig, {
      ...testProcessEnv,
      DATABASE_URL: databases.urls.approval,
      KAFKA_BROKERS: '127.0.0.1:1', // nobody: what is published stays in the outbox
    });
    const module = ApprovalModule.with(config);
    app = await createService({ name: 'approval', config, module, isTransient });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
    await databases.drop();
  });

  const anOrder = () => ({ orderId: ++lastOrder, equipmentId: 3, qty: 2 });
  const post = (body: object) => request(url).post('/approvals').send(body);
  const ordered = (data: ReturnType<typeof anOrder>) =>
    app.get(OrderConsumer).ordered([received('equipmgnt.Ordered.v1', data)]);
  const cancelled = (data: ReturnType<typeof anOrder>) =>
    app.get(OrderConsumer).cancelled([received('equipmgnt.OrderCancelled.v1', data)]);
  const rejected = (data: ReturnType<typeof anOrder>) =>
    app
      .get(EquipmentConsumer)
      .rejected([
        received('equipmgnt.StockRejected.v1', { ...data, approvalId: 1, reason: 'OUT_OF_STOCK' }),
      ]);
  const approvalOf = async (orderId: number) => {
    const { body } = await request(url).get('/approvals?size=1000');
    return body._embedded.approvals.find((each: { orderId: number }) => each.orderId === orderId);
  };
  const told = async (orderId: number): Promise<string[]> => {
    const rows: { type: string }[] = await app
      .get(DataSource)
      .query('SELECT type FROM outbox WHERE key = $1 ORDER BY id', [orderId]);
    return rows.map(({ type }) => type.split('.')[1] ?? type);
  };

  describe('asked over HTTP', () => {
    it('approves an order: 201, where it is, and the event', async () => {
      const order = anOrder();
      const { body, headers } = await post(order).expect(201);
      expect(body).toMatchObject({ ...order, id: expect.any(Number), status: 'APPROVED' });
      expect(headers['location']).toBe(`${url}/approvals/${body.id}`);
      await request(url).get(`/approvals/${body.id}`).expect(200, body);
      const [event] = await app
        .get(DataSource)
        .query('SELECT * FROM outbox WHERE key = $1', [order.orderId]);
      expect(event).toMatchObject({
        type: 'equipmgnt.ApprovalObtained.v1',
        data: { ...order, approvalId: body.id },
      });
    });

    it('answers 200 with the approval that exists, whatever else is asked', async () => {
      const order = anOrder();
      const { body } = await post(order).expect(201);
      await post({ ...order, equipmentId: 9, qty: 9 }).expect(200, body);
      expect(await told(order.orderId)).toEqual(['ApprovalObtained']);
    });

    it('approves once when asked many times at once', async () => {
      const order = anOrder();
      const answers = await Promise.all(Array.from({ length: 30 }, () => post(order)));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
      expect(await told(order.orderId)).toEqual(['ApprovalObtained']);
    });

    it('does with what the classic load test sends: text for numbers, and no qty', async () => {
      const orderId = String(++lastOrder);
      const { body } = await post({ orderId, equipmentId: '1' }).expect(201);
      expect(body).toMatchObject({ orderId: lastOrder, equipmentId: 1, qty: 1 });
      await post({ orderId, equipmentId: '1' }).expect(200);
    });

    it('takes the next id for the next approval, whoever asked in between', async () => {
      const first = await post(anOrder());
      await post({ orderId: first.body.orderId, equipmentId: 1 });
      await ordered(first.body);
      await cancelled({ orderId: first.body.orderId, equipmentId: 3, qty: 2 });
      const second = await post(anOrder());
      expect(second.body.id).toBe(first.body.id + 1);
    });

    it.each([
      [{ equipmentId: 1 }, '#/orderId'],
      [{ orderId: 0, equipmentId: 1 }, '#/orderId'],
      [{ orderId: 1, equipmentId: 'drill' }, '#/equipmentId'],
      [{ orderId: 1, equipmentId: 1, qty: 0 }, '#/qty'],
      [{ orderId: 1, equipmentId: 1, status: 'CANCELLED' }, '#/status'],
      [{ orderId: 1, equipmentId: 1, by: 'me' }, '#/by'],
    ])('refuses %j', async (body, pointer) => {
      const { body: problem } = await post(body).expect(400);
      expect(problem.errors).toMatchObject([{ in: 'body', pointer }]);
    });

    it.each([
      ['get', '/approvals/999999999', 404],
      ['get', '/approvals/abc', 400],
      ['patch', '/approvals/1', 405],
      ['delete', '/approvals/1', 405],
    ] as const)('answers %s %s with a problem', async (method, path, status) => {
      const { body } = await request(url)[method](path).expect(status);
      expect(body).toMatchObject({ status, instance: path });
    });
  });

  describe('told of an order', () => {
    it('approves it, however often it is told', async () => {
      const order = anOrder();
      await ordered(order);
      await ordered(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ ...order, status: 'APPROVED' });
      expect(await told(order.orderId)).toEqual(['ApprovalObtained']);
    });

    it('approves a crowd, in which one comes twice and one is approved already', async () => {
      const orders = Array.from({ length: 50 }, anOrder);
      const [first, second] = orders as [ReturnType<typeof anOrder>, ReturnType<typeof anOrder>];
      await post(first);
      await app
        .get(OrderConsumer)
        .ordered([...orders, second].map((data) => received('equipmgnt.Ordered.v1', data)));
      for (const { orderId } of orders) expect(await told(orderId)).toEqual(['ApprovalObtained']);
    });
  });

  describe('told that an order was cancelled', () => {
    it('tells again that its approval was rejected, as the same event', async () => {
      const order = anOrder();
      const obtained = await post(order).expect(201);
      await rejected(order); // before there was an order to follow it
      await ordered(order);
      expect(await told(order.orderId)).toEqual([
        'ApprovalObtained',
        'ApprovalRejected',
        'ApprovalRejected',
      ]);
      const [, first, again] = await app
        .get(DataSource)
        .query(
          'SELECT event_id, type, key, data, occurred_at FROM outbox WHERE key = $1 ORDER BY id',
          [order.orderId],
        );
      expect(again).toEqual(first);
      expect(again.data).toEqual({
        ...order,
        approvalId: obtained.body.id,
        reason: 'OUT_OF_STOCK',
      });
    });

    it('cancels its approval, however often it is told', async () => {
      const order = anOrder();
      await post(order);
      await cancelled(order);
      await cancelled(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ status: 'CANCELLED' });
      expect(await told(order.orderId)).toEqual(['ApprovalObtained', 'CancelRequested']);
    });

    it('keeps a late approval from happening when it is told before', async () => {
      const order = anOrder();
      await cancelled(order);
      await ordered(order);
      const { body } = await post(order).expect(200);
      expect(body.status).toBe('CANCELLED');
      expect(await told(order.orderId)).toEqual(['CancelRequested']);
    });

    it('cancels the approval that order refused, whatever it was for', async () => {
      const order = anOrder();
      await post({ ...order, qty: 1 });
      await app
        .get(OrderConsumer)
        .refused([
          received('equipmgnt.OrderRejected.v1', { ...order, reason: 'APPROVAL_MISMATCH' }),
        ]);
      expect(await approvalOf(order.orderId)).toMatchObject({ status: 'CANCELLED', qty: 1 });
    });

    it('keeps an approval that order refused from coming, should it be lost here', async () => {
      const order = anOrder();
      await app
        .get(OrderConsumer)
        .refused([
          received('equipmgnt.OrderRejected.v1', { ...order, reason: 'APPROVAL_MISMATCH' }),
        ]);
      await ordered(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ status: 'CANCELLED' });
      expect(await told(order.orderId)).toEqual(['CancelRequested']);
    });

    it('leaves a rejected approval as it is', async () => {
      const order = anOrder();
      await post(order);
      await rejected(order);
      await cancelled(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ status: 'REJECTED' });
    });

    it('settles it once when approval and cancellation come at the same time', async () => {
      const orders = Array.from({ length: 20 }, anOrder);
      await Promise.all(
        orders.flatMap((order) => [post(order).then(), ordered(order), cancelled(order)]),
      );
      for (const { orderId } of orders) {
        expect(await approvalOf(orderId)).toMatchObject({ status: 'CANCELLED' });
        expect([['ApprovalObtained', 'CancelRequested'], ['CancelRequested']]).toContainEqual(
          await told(orderId),
        );
      }
    });
  });

  describe('told that equipment cannot hand the units out', () => {
    it('rejects the approval with the reason, however often it is told', async () => {
      const order = anOrder();
      await post(order);
      await rejected(order);
      await rejected(order);
      expect(await approvalOf(order.orderId)).toMatchObject({
        status: 'REJECTED',
        reason: 'OUT_OF_STOCK',
      });
      expect(await told(order.orderId)).toEqual(['ApprovalObtained', 'ApprovalRejected']);
    });

    it('rejects what it has never approved, as after a restored backup', async () => {
      const order = anOrder();
      await rejected(order);
      const { body } = await post(order).expect(200);
      expect(body.status).toBe('REJECTED');
    });

    it('leaves a cancelled approval as it is', async () => {
      const order = anOrder();
      await post(order);
      await cancelled(order);
      await rejected(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ status: 'CANCELLED' });
    });
  });
});
