import { isTransient } from '@equipmgnt/database';
import { createService } from '@equipmgnt/http';
import { readConfig } from '@equipmgnt/runtime';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { freshDatabases, testProcessEnv, received } from '@equipmgnt/testing/jest';
import { Approvals } from './application/approvals.ts';
import { approvalConfig } from './approval.config.ts';
import { ApprovalModule } from './approval.module.ts';
import { Approval, type ApprovalState, type Subject } from './domain/approval.ts';
import { EquipmentConsumer } from './inbound/events/equipment.consumer.ts';
import { OrderConsumer } from './inbound/events/order.consumer.ts';

interface Order {
  readonly orderId: number;
  readonly equipmentId: number;
  readonly qty: number;
}

/** A state with all its optional fields, so that a new field is a compile error here. */
type Complete<State> = State extends unknown ? Required<State> : never;

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
      KAFKA_BROKERS: '127.0.0.1:1', // no broker: events stay in the outbox
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

  const anOrder = (): Order => ({ orderId: ++lastOrder, equipmentId: 3, qty: 2 });
  const post = (body: object) => request(url).post('/approvals').send(body);
  const ordered = (data: Order) =>
    app.get(OrderConsumer).ordered([received('equipmgnt.Ordered.v1', data)]);
  const cancelled = (data: Order) =>
    app.get(OrderConsumer).cancelled([received('equipmgnt.OrderCancelled.v1', data)]);
  const rejected = (data: Order) =>
    app
      .get(EquipmentConsumer)
      .rejected([
        received('equipmgnt.StockRejected.v1', { ...data, approvalId: 1, reason: 'OUT_OF_STOCK' }),
      ]);
  const approvalOf = async (orderId: number) => {
    const { body } = await request(url).get('/approvals?size=1000');
    return body._embedded.approvals.find((each: { orderId: number }) => each.orderId === orderId);
  };
  const eventsOf = async (orderId: number): Promise<string[]> => {
    const rows: { type: string }[] = await app
      .get(DataSource)
      .query('SELECT type FROM outbox WHERE key = $1 ORDER BY id', [orderId]);
    return rows.map(({ type }) => type.split('.')[1] ?? type);
  };

  describe('POST /approvals', () => {
    it('accepts an Idempotency-Key for one request only', async () => {
      const order = anOrder();
      const key = `key-${Math.random()}`;
      const first = await post(order).set('idempotency-key', key).expect(201);
      const second = await post(order).set('idempotency-key', `"${key}"`).expect(200);
      expect(second.body).toEqual(first.body);
      for (const other of [anOrder(), { ...order, qty: 3 }]) {
        const { body } = await post(other).set('idempotency-key', key).expect(422);
        expect(body.type).toBe('urn:equipmgnt:problem:idempotency-key-reused');
        expect(await approvalOf(other.orderId)).toEqual(
          other.orderId === order.orderId ? first.body : undefined,
        );
      }
    });

    it('answers 201 with a new approval and its location', async () => {
      const order = anOrder();
      const { body, headers } = await post(order).expect(201);
      expect(body).toMatchObject({ ...order, id: expect.any(Number), status: 'APPROVED' });
      expect(headers['location']).toBe(`${url}/approvals/${body.id}`);
      await request(url).get(`/approvals/${body.id}`).expect(200, body);
      expect(await approvalOf(order.orderId)).toEqual(body);
    });

    it('publishes nothing', async () => {
      const order = anOrder();
      await post(order).expect(201);
      await post(order).expect(200);
      expect(await eventsOf(order.orderId)).toEqual([]);
    });

    it('answers 200 with the existing approval, also to a request for other units', async () => {
      const order = anOrder();
      const { body } = await post(order).expect(201);
      await post({ ...order, equipmentId: 9, qty: 9 }).expect(200, body);
    });

    it('answers 200 with the confirmed approval after Ordered', async () => {
      const order = anOrder();
      await ordered(order);
      const { body } = await post({ ...order, qty: 9 }).expect(200);
      expect(body).toMatchObject({ ...order, status: 'APPROVED' });
      expect(await eventsOf(order.orderId)).toEqual(['ApprovalObtained']);
    });

    it('creates one approval for many concurrent requests', async () => {
      const order = anOrder();
      const answers = await Promise.all(Array.from({ length: 30 }, () => post(order)));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(29);
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    });

    it('accepts the body of the classic load test: numbers as strings, and no qty', async () => {
      const orderId = String(++lastOrder);
      const { body } = await post({ orderId, equipmentId: '1' }).expect(201);
      expect(body).toMatchObject({ orderId: lastOrder, equipmentId: 1, qty: 1 });
      await post({ orderId, equipmentId: '1' }).expect(200);
    });

    it('ignores a field of a later version of order', async () => {
      await post({ ...anOrder(), note: 'urgent' }).expect(201);
    });

    it('gives ids without gaps, also after repeated requests and events', async () => {
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
    ])('answers 400 to %j', async (body, pointer) => {
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

  describe('after Ordered', () => {
    it('creates the approval and publishes ApprovalObtained once for repeated deliveries', async () => {
      const order = anOrder();
      await ordered(order);
      await ordered(order);
      const approval = await approvalOf(order.orderId);
      expect(approval).toMatchObject({ ...order, status: 'APPROVED' });
      const events = await app
        .get(DataSource)
        .query('SELECT type, key, data FROM outbox WHERE key = $1', [order.orderId]);
      expect(events).toEqual([
        {
          type: 'equipmgnt.ApprovalObtained.v1',
          key: order.orderId,
          data: { ...order, approvalId: approval.id },
        },
      ]);
    });

    it('confirms an existing approval and publishes ApprovalObtained once', async () => {
      const order = anOrder();
      const { body } = await post(order).expect(201);
      await ordered(order);
      await ordered(order);
      expect(await approvalOf(order.orderId)).toEqual(body);
      expect(await eventsOf(order.orderId)).toEqual(['ApprovalObtained']);
    });

    it('overwrites equipment and quantity of an unconfirmed approval', async () => {
      const order = anOrder();
      const { body } = await post({ ...order, equipmentId: 9, qty: 9 }).expect(201);
      await ordered(order);
      expect(await approvalOf(order.orderId)).toEqual({
        ...body,
        ...order,
        _links: expect.anything(),
      });
      const [event] = await app
        .get(DataSource)
        .query('SELECT data FROM outbox WHERE key = $1', [order.orderId]);
      expect(event.data).toEqual({ ...order, approvalId: body.id });
    });

    it('handles a batch with repeated, approved and cancelled orders', async () => {
      const orders = Array.from({ length: 50 }, anOrder);
      const [first, second, third] = orders as [Order, Order, Order];
      await post(first);
      await cancelled(third);
      await app
        .get(OrderConsumer)
        .ordered([...orders, second].map((data) => received('equipmgnt.Ordered.v1', data)));
      for (const { orderId } of orders) {
        const expected = orderId === third.orderId ? 'CancelRequested' : 'ApprovalObtained';
        expect(await eventsOf(orderId)).toEqual([expected]);
      }
    });

    it('confirms once for concurrent requests and events', async () => {
      const orders = Array.from({ length: 20 }, anOrder);
      await Promise.all(
        orders.flatMap((order) => [
          post({ ...order, qty: 9 }).then(),
          ordered(order),
          ordered(order),
          post({ ...order, qty: 9 }).then(),
        ]),
      );
      for (const order of orders) {
        expect(await approvalOf(order.orderId)).toMatchObject({ ...order, status: 'APPROVED' });
        expect(await eventsOf(order.orderId)).toEqual(['ApprovalObtained']);
      }
    });
  });

  describe('beside its previous version', () => {
    /** The previous version does not know confirmed_at, and publishes the event with the row. */
    const insertedByPreviousVersion = async (order: Order) => {
      await app.get(DataSource).query(
        `INSERT INTO approvals (order_id, equipment_id, qty, status, approved_at)
         VALUES ($1, $2, $3, 'APPROVED', now())`,
        [order.orderId, order.equipmentId, order.qty],
      );
    };

    it('takes its approvals as confirmed', async () => {
      const order = anOrder();
      await insertedByPreviousVersion(order);
      await ordered(order);
      expect(await eventsOf(order.orderId)).toEqual([]);
      await cancelled(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ status: 'CANCELLED' });
    });
  });

  describe('the repository', () => {
    const at = (minute: number) => new Date(Date.UTC(2026, 0, 2, 3, minute, 5, 678));
    const sort = [{ property: 'id', direction: 'desc' }] as const;
    const states: Complete<ApprovalState>[] = [
      { status: 'APPROVED', approvedAt: at(1) },
      { status: 'CANCELLED', approvedAt: at(1), cancelledAt: at(2) },
      { status: 'REJECTED', approvedAt: at(1), rejectedAt: at(2), reason: 'OUT_OF_STOCK' },
    ];

    it.each(states)('stores and reads every field of a new approval: %j', async (state) => {
      const subject: Required<Subject> = anOrder();
      const { orderId } = subject;
      const approvals = app.get(Approvals);
      const added = new Approval({ subject, state, confirmedAt: at(3) });
      expect(await approvals.save([added])).toEqual(new Set([orderId]));
      const [found] = await approvals.ofOrders([orderId]);
      const saved = new Approval({ id: found?.id ?? 0, subject, state, confirmedAt: at(3) });
      expect(found).toEqual(saved);
      expect(await approvals.find(found?.id ?? 0)).toEqual(saved);
      expect((await approvals.page({ page: 0, size: 1, sort })).items).toEqual([saved]);
      expect(await approvals.findOrAdd(added)).toEqual({ approval: saved, created: false });
    });

    it.each(states)('stores and reads every field that becomes: %j', async (state) => {
      const order = anOrder();
      const subject: Required<Subject> = { ...order, equipmentId: 8, qty: 9 };
      const approvals = app.get(Approvals);
      const { approval, created } = await approvals.findOrAdd(Approval.unconfirmed(order, at(1)));
      expect(created).toBe(true);
      if (state.status === 'APPROVED') approval.confirm(subject, at(2));
      if (state.status === 'CANCELLED') approval.cancel(subject, at(2));
      if (state.status === 'REJECTED') approval.reject(subject, 'OUT_OF_STOCK', at(2));
      expect(await approvals.save([approval])).toEqual(new Set([order.orderId]));
      const saved = new Approval({ id: approval.id, subject, state, confirmedAt: at(2) });
      expect(await approvals.ofOrders([order.orderId])).toEqual([saved]);
    });
  });

  describe('after OrderCancelled', () => {
    it('cancels the approval once for repeated deliveries', async () => {
      const order = anOrder();
      await ordered(order);
      await cancelled(order);
      await cancelled(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ status: 'CANCELLED' });
      expect(await eventsOf(order.orderId)).toEqual(['ApprovalObtained', 'CancelRequested']);
    });

    it('keeps the order from being approved by a later call or event', async () => {
      const order = anOrder();
      await cancelled(order);
      await ordered(order);
      const { body } = await post(order).expect(200);
      expect(body.status).toBe('CANCELLED');
      expect(await eventsOf(order.orderId)).toEqual(['CancelRequested']);
    });

    it('cancels an unconfirmed approval, with the units of the order', async () => {
      const order = anOrder();
      const { body } = await post({ ...order, equipmentId: 9, qty: 9 }).expect(201);
      await cancelled(order);
      await ordered(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ ...order, status: 'CANCELLED' });
      expect(await eventsOf(order.orderId)).toEqual(['CancelRequested']);
      const [event] = await app
        .get(DataSource)
        .query('SELECT data FROM outbox WHERE key = $1', [order.orderId]);
      expect(event.data).toEqual({ ...order, approvalId: body.id });
    });

    it('does not change a rejected approval', async () => {
      const order = anOrder();
      await ordered(order);
      await rejected(order);
      await cancelled(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ status: 'REJECTED' });
    });

    it('cancels once for concurrent requests and events', async () => {
      const orders = Array.from({ length: 20 }, anOrder);
      await Promise.all(
        orders.flatMap((order) => [post(order).then(), ordered(order), cancelled(order)]),
      );
      for (const { orderId } of orders) {
        expect(await approvalOf(orderId)).toMatchObject({ status: 'CANCELLED' });
        expect([['ApprovalObtained', 'CancelRequested'], ['CancelRequested']]).toContainEqual(
          await eventsOf(orderId),
        );
      }
    });
  });

  describe('after StockRejected', () => {
    it('rejects the approval with the reason, once for repeated deliveries', async () => {
      const order = anOrder();
      await ordered(order);
      await rejected(order);
      await rejected(order);
      expect(await approvalOf(order.orderId)).toMatchObject({
        status: 'REJECTED',
        reason: 'OUT_OF_STOCK',
      });
      expect(await eventsOf(order.orderId)).toEqual(['ApprovalObtained', 'ApprovalRejected']);
    });

    it('creates a rejected approval when there is none, as after the restore of a backup', async () => {
      const order = anOrder();
      await rejected(order);
      const { body } = await post(order).expect(200);
      expect(body.status).toBe('REJECTED');
    });

    it('does not change a cancelled approval', async () => {
      const order = anOrder();
      await ordered(order);
      await cancelled(order);
      await rejected(order);
      expect(await approvalOf(order.orderId)).toMatchObject({ status: 'CANCELLED' });
    });
  });
});
