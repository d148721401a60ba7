import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IdempotencyKeys, isTransient } from '@equipmgnt/database';
import type { Received } from '@equipmgnt/messaging';
import { createService } from '@equipmgnt/http';
import { MetricsRegistry, readConfig } from '@equipmgnt/runtime';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { freshDatabases, testProcessEnv } from '@equipmgnt/testing/jest';
import { ApprovalConsumer } from './inbound/events/approval.consumer.ts';
import { Orders } from './application/orders.ts';
import type { OrderedUnits } from './application/place-order.ts';
import { Order, type NewOrder, type OrderState } from './domain/order.ts';
import { orderConfig } from './order.config.ts';
import { OrderModule } from './order.module.ts';

type Reply = { status: number; body: unknown } | 'silence';

/** A state with all its optional fields, so that a new field is a compile error here. */
type Complete<State> = State extends unknown ? Required<State> : never;

/** The next answer of approval. By default, it approves the request. */
type Answer = (request: {
  orderId: number;
  equipmentId: number;
  qty: number;
}) => Reply | Promise<Reply>;

const approves: Answer = (it) => ({
  status: 201,
  body: { id: 1_000 + it.orderId, ...it, status: 'APPROVED' },
});
const isDown: Answer = () => ({ status: 503, body: {} });

describe('The order service', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let approval: Server;
  let answer: Answer;
  /** The requests that approval got. */
  let requests: unknown[];
  let app: NestFastifyApplication;
  let database: DataSource;
  let url: string;

  const start = async () => {
    const config = readConfig(orderConfig, {
      ...testProcessEnv,
      DATABASE_URL: databases.urls.order,
      KAFKA_BROKERS: '127.0.0.1:1', // no broker: events stay in the outbox
      APPROVAL_URL: `http://127.0.0.1:${(approval.address() as AddressInfo).port}`,
      APPROVAL_TIMEOUT_MS: '5000',
      BREAKER_VOLUME_THRESHOLD: '1000', // never opens here
    });
    const module = OrderModule.with(config);
    app = await createService({ name: 'order', config, module, isTransient });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    database = app.get(DataSource);
  };

  beforeAll(async () => {
    databases = await freshDatabases();
    approval = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', async () => {
        const body = JSON.parse(Buffer.concat(chunks).toString());
        requests.push(body);
        const reply = await answer(body);
        if (reply === 'silence') return;
        outgoing.writeHead(reply.status, { 'content-type': 'application/json' });
        outgoing.end(JSON.stringify(reply.body));
      });
    });
    await new Promise<void>((listening) => approval.listen(0, '127.0.0.1', listening));
    await start();
  });

  afterAll(async () => {
    await app.close();
    approval.closeAllConnections();
    await new Promise((closed) => approval.close(closed));
    await databases.drop();
  });

  beforeEach(() => {
    answer = approves;
    requests = [];
  });

  const post = (body: object | string, headers: Record<string, string> = {}) =>
    request(url).post('/orders').set(headers).send(body);
  const get = (id: number) => request(url).get(`/orders/${id}`);
  const patch = (id: number | string, body: object) =>
    request(url).patch(`/orders/${id}`).send(body);
  const eventsOf = async (orderId: number): Promise<unknown[]> =>
    database.query('SELECT type, key, data FROM outbox WHERE key = $1 ORDER BY id', [orderId]);
  const counted = async (): Promise<number> =>
    (await database.query('SELECT count(*) AS n FROM orders'))[0].n;

  const obtained = (orderId: number, change: object = {}) =>
    app.get(ApprovalConsumer).obtained([
      {
        id: `${orderId}`,
        type: 'equipmgnt.ApprovalObtained.v1',
        key: String(orderId),
        time: new Date(),
        data: { approvalId: 7, orderId, equipmentId: 1, qty: 2, ...change },
      },
    ] satisfies Received<'equipmgnt.ApprovalObtained.v1'>[]);
  const rejected = (orderId: number) =>
    app.get(ApprovalConsumer).rejected([
      {
        id: `r${orderId}`,
        type: 'equipmgnt.ApprovalRejected.v1',
        key: String(orderId),
        time: new Date(),
        data: { approvalId: 7, orderId, equipmentId: 1, qty: 2, reason: 'OUT_OF_STOCK' },
      },
    ]);

  const waitingOrder = async (): Promise<number> => {
    answer = isDown;
    const { body } = await post({ qty: 2, equipmentId: 1 }).expect(202);
    return body.id;
  };

  describe('POST /orders', () => {
    it('answers 201 with the approved order and its location', async () => {
      const { body, headers } = await post({ qty: 2, equipmentId: 1, status: 'ORDERED' }).expect(
        201,
      );
      expect(body).toMatchObject({
        equipmentId: 1,
        qty: 2,
        status: 'APPROVED',
        approvalId: 1_000 + body.id,
      });
      expect(headers['location']).toBe(body._links.self.href);
      expect(headers['location']).toMatch(
        new RegExp(`^http://127\\.0\\.0\\.1:\\d+/orders/${body.id}$`),
      );
      expect(requests).toEqual([{ orderId: body.id, equipmentId: 1, qty: 2 }]);
      await get(body.id).expect(200, body);
    });

    it('waits for the event when approval answers with a status that it does not know', async () => {
      answer = (it) => ({
        status: 201,
        body: { id: 5, ...it, status: 'POSTPONED', until: 'later' },
      });
      const failures = async () =>
        (await app.get(MetricsRegistry).text()).match(/^approval_fallbacks_total.*$/gm);
      const before = await failures();
      const { body } = await post({ qty: 2, equipmentId: 1 }).expect(202);
      expect(body.status).toBe('ORDERED');
      expect(await failures()).toEqual(before); // so no failure for the breaker
      await obtained(body.id);
      await get(body.id).expect(({ body: order }) => expect(order.status).toBe('APPROVED'));
    });

    it('stores, publishes and shows every field', async () => {
      const wanted: Required<OrderedUnits> = { equipmentId: 1, qty: 2 };
      const { body } = await post(wanted).expect(201);
      expect(body).toMatchObject(wanted);
      await get(body.id).expect(200, body);
      expect(await eventsOf(body.id)).toEqual([
        { type: 'equipmgnt.Ordered.v1', key: body.id, data: { orderId: body.id, ...wanted } },
      ]);
    });

    it.each([
      ['is down', isDown],
      ['does not answer in time', () => 'silence'],
      ['answers something else', () => ({ status: 200, body: { hello: 'world' } })],
      ['refuses the request', () => ({ status: 400, body: { title: 'Bad Request' } })],
      ['answers for another quantity', (it) => approves({ ...it, qty: 1 })],
      ['answers for other equipment', (it) => approves({ ...it, equipmentId: 9 })],
      [
        'answers that an order of another quantity is rejected',
        (it) => ({
          status: 200,
          body: { id: 5, ...it, qty: 1, status: 'REJECTED', reason: 'OUT_OF_STOCK' },
        }),
      ],
    ] as [string, Answer][])(
      'answers 202 with the waiting order when approval %s',
      async (_, reply) => {
        answer = reply;
        const { body } = await post({ qty: 2, equipmentId: 1 }).expect(202);
        expect(body.status).toBe('ORDERED');
        await get(body.id).expect(200, body);
        expect(await eventsOf(body.id)).toMatchObject([{ type: 'equipmgnt.Ordered.v1' }]);
        await obtained(body.id);
        await get(body.id).expect(({ body: order }) => expect(order.status).toBe('APPROVED'));
      },
    );

    it('counts a call without an answer in time as a timeout', async () => {
      answer = () => 'silence';
      await post({ qty: 2, equipmentId: 1 }).expect(202);
      const { text } = await request(url).get('/actuator/prometheus');
      expect(text).toMatch(/^approval_fallbacks_total\{cause="timeout"\} [1-9]/m);
    });

    it('answers 202, not an error, when its approval cannot be saved', async () => {
      const other = database.createQueryRunner();
      answer = async (it) => {
        await other.startTransaction();
        await other.query('SELECT FROM orders WHERE id = $1 FOR UPDATE', [it.orderId]);
        return { status: 201, body: { id: 5, ...it, status: 'APPROVED' } };
      };
      const { body } = await post({ qty: 2, equipmentId: 1 }).expect(202);
      expect(body.status).toBe('ORDERED');
      await other.rollbackTransaction();
      await other.release();
      await obtained(body.id);
      await get(body.id).expect(({ body: order }) => expect(order.status).toBe('APPROVED'));
    });

    it('answers 201 with the rejected order when its approval is rejected', async () => {
      answer = (it) => ({
        status: 200,
        body: { id: 5, ...it, status: 'REJECTED', reason: 'OUT_OF_STOCK' },
      });
      const { body } = await post({ qty: 2, equipmentId: 1 }).expect(201);
      expect(body).toMatchObject({ status: 'REJECTED', reason: 'OUT_OF_STOCK' });
    });

    it('lets a client cancel it during the call to approval', async () => {
      answer = (it) => {
        void patch(it.orderId, { status: 'CANCELLED' }).then();
        return 'silence';
      };
      const { body } = await post({ qty: 2, equipmentId: 1 });
      await get(body.id).expect(({ body: order }) => expect(order.status).toBe('CANCELLED'));
    });
  });

  describe('an invalid request', () => {
    it.each([
      ['qty 0', { qty: 0, equipmentId: 1 }, '#/qty'],
      ['qty -1', { qty: -1, equipmentId: 1 }, '#/qty'],
      ['qty 1.5', { qty: 1.5, equipmentId: 1 }, '#/qty'],
      ['qty "two"', { qty: 'two', equipmentId: 1 }, '#/qty'],
      ['qty 2^53', { qty: 2 ** 53, equipmentId: 1 }, '#/qty'],
      ['no qty', { equipmentId: 1 }, '#/qty'],
      ['equipment 0', { qty: 1, equipmentId: 0 }, '#/equipmentId'],
      ['another status', { qty: 1, equipmentId: 1, status: 'APPROVED' }, '#/status'],
      ['an unknown field', { qty: 1, equipmentId: 1, colour: 'blue' }, '#/colour'],
    ])('gets 400 for %s, and stores nothing', async (_, body, pointer) => {
      const before = await counted();
      const { body: problem } = await post(body)
        .expect(400)
        .expect('content-type', /^application\/problem\+json/);
      expect(problem).toMatchObject({
        type: 'urn:equipmgnt:problem:invalid-input',
        title: 'Bad Request',
        status: 400,
        instance: '/orders',
        errors: [{ in: 'body', pointer, detail: expect.any(String) }],
      });
      expect(await counted()).toBe(before);
      expect(requests).toEqual([]);
    });

    it.each([
      ['broken JSON', '{"qty":', 'application/json', 400, 'malformed-json'],
      ['an empty body', '', 'application/json', 400, 'malformed-json'],
      [
        'a form',
        'qty=1&equipmentId=1',
        'application/x-www-form-urlencoded',
        415,
        'unsupported-media-type',
      ],
      ['plain text', 'two drills please', 'text/plain', 415, 'unsupported-media-type'],
      [
        'a body of 70 kB',
        JSON.stringify({ qty: 'x'.repeat(70_000) }),
        'application/json',
        413,
        'body-too-large',
      ],
      ['a __proto__ member', '{"__proto__":{"qty":1}}', 'application/json', 400, 'malformed-json'],
    ])('gets a problem for %s', async (_, text, type, status, code) => {
      const { body } = await post(text, { 'content-type': type }).expect(status);
      expect(body).toMatchObject({ type: `urn:equipmgnt:problem:${code}`, status });
    });

    it.each([
      ['get', '/orders/0', 400],
      ['get', '/orders/abc', 400],
      ['get', '/orders/999999999', 404],
      ['get', '/orders?size=0', 400],
      ['get', '/orders?stauts=ORDERED', 400],
      ['get', '/nowhere', 404],
      ['delete', '/orders/1', 405],
      ['put', '/orders/1', 405],
      ['patch', '/orders', 405],
    ] as const)('gets a problem for %s %s', async (method, path, status) => {
      const answered = await request(url)[method](path).expect(status);
      expect(answered.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answered.body).toMatchObject({ status, instance: path.split('?')[0] });
      if (status === 405) expect(answered.headers['allow']).toContain('GET');
    });
  });

  describe('PATCH /orders/:id', () => {
    it('cancels an approved order once', async () => {
      const { body } = await post({ qty: 2, equipmentId: 1 });
      const first = await patch(body.id, { status: 'CANCELLED' }).expect(200);
      const second = await patch(body.id, { status: 'CANCELLED' }).expect(200);
      expect(second.body).toEqual(first.body);
      expect(first.body).toMatchObject({ status: 'CANCELLED', approvalId: body.approvalId });
      const types = (await eventsOf(body.id)) as { type: string }[];
      expect(types.map(({ type }) => type)).toEqual([
        'equipmgnt.Ordered.v1',
        'equipmgnt.OrderCancelled.v1',
      ]);
    });

    it('accepts the whole order as it was received', async () => {
      const { body } = await post({ qty: 2, equipmentId: 1 });
      await patch(body.id, body).expect(200, body);
      const approvedAt = body.approvedAt.replace('Z', '+00:00');
      const cancelled = { ...body, approvedAt, reason: null, _links: {}, status: 'CANCELLED' };
      const { body: after } = await patch(body.id, cancelled).expect(200);
      expect(after).toMatchObject({ ...body, status: 'CANCELLED', _links: expect.anything() });
    });

    it.each([
      ['id', 0],
      ['qty', 3],
      ['equipmentId', null],
      ['orderedAt', '2020-01-01T00:00:00.000Z'],
      ['approvalId', 999],
      ['cancelledAt', '2020-01-01T00:00:00.000Z'],
      ['colour', 'blue'],
    ])('refuses a change of %s, and changes nothing', async (name, value) => {
      const { body } = await post({ qty: 2, equipmentId: 1 });
      const { body: problem } = await patch(body.id, {
        ...body,
        status: 'CANCELLED',
        [name]: value,
      }).expect(400);
      expect(problem).toMatchObject({
        type: 'urn:equipmgnt:problem:invalid-input',
        errors: [{ in: 'body', pointer: `#/${name}`, detail: expect.any(String) }],
      });
      await get(body.id).expect(200, body);
    });

    it('cancels a waiting order, which stays CANCELLED after a late approval', async () => {
      const id = await waitingOrder();
      await patch(id, { status: 'CANCELLED' }).expect(200);
      await obtained(id);
      await get(id).expect(({ body }) => expect(body.status).toBe('CANCELLED'));
    });

    it.each([
      ['un-cancelled', 'CANCELLED', 'ORDERED'],
      ['approved by a client', 'ORDERED', 'APPROVED'],
      ['rejected by a client', 'ORDERED', 'REJECTED'],
    ])('answers 409 when an order would be %s', async (_, first, second) => {
      const id = await waitingOrder();
      await patch(id, { status: first }).expect(200);
      const { body } = await patch(id, { status: second }).expect(409);
      expect(body).toMatchObject({
        type: 'urn:equipmgnt:problem:forbidden-transition',
        status: 409,
      });
      expect(body.detail).toBe(`Order ${id} is ${first} and cannot become ${second}.`);
    });

    it.each([
      [{ status: 'LOST' }, '#/status'],
      [{}, '#/status'],
      [{ status: 'CANCELLED', qty: 5 }, '#/qty'],
    ])('answers 400 to %j', async (change, pointer) => {
      const { body } = await patch(1, change).expect(400);
      expect(body.errors).toMatchObject([{ pointer }]);
    });

    it('answers 404 for an unknown order and 400 for an invalid id', async () => {
      await patch(999_999_999, { status: 'CANCELLED' }).expect(404);
      await patch('abc', { status: 'CANCELLED' }).expect(400);
    });

    it('cancels once for many concurrent requests', async () => {
      const { body } = await post({ qty: 2, equipmentId: 1 });
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => patch(body.id, { status: 'CANCELLED' })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(await eventsOf(body.id)).toHaveLength(2);
    });
  });

  describe('after ApprovalObtained', () => {
    it('approves a waiting order, once for repeated deliveries', async () => {
      const id = await waitingOrder();
      await obtained(id);
      await obtained(id);
      const { body } = await get(id);
      expect(body).toMatchObject({ status: 'APPROVED', approvalId: 7 });
      expect(await eventsOf(id)).toHaveLength(1);
    });

    it('does not approve an order of other equipment', async () => {
      const id = await waitingOrder();
      await obtained(id, { equipmentId: 9 });
      await get(id).expect(({ body }) => expect(body.status).toBe('ORDERED'));
    });

    it('ignores an unknown order', async () => {
      await obtained(888_888_888);
    });

    it('handles a batch with the same order twice', async () => {
      const id = await waitingOrder();
      const event: Received<'equipmgnt.ApprovalObtained.v1'> = {
        id: '1',
        type: 'equipmgnt.ApprovalObtained.v1',
        key: String(id),
        time: new Date(),
        data: { approvalId: 7, orderId: id, equipmentId: 1, qty: 2 },
      };
      await app.get(ApprovalConsumer).obtained([event, event]);
      await get(id).expect(({ body }) => expect(body.status).toBe('APPROVED'));
    });
  });

  describe('after ApprovalRejected', () => {
    it('rejects the order, once for repeated deliveries', async () => {
      const { body } = await post({ qty: 2, equipmentId: 1 });
      await rejected(body.id);
      await rejected(body.id);
      const { body: order } = await get(body.id);
      expect(order).toMatchObject({ status: 'REJECTED', reason: 'OUT_OF_STOCK' });
      await patch(body.id, { status: 'CANCELLED' }).expect(409);
    });

    it('rejects a waiting order, which stays REJECTED after a late ApprovalObtained', async () => {
      const id = await waitingOrder();
      await rejected(id);
      await obtained(id);
      await get(id).expect(({ body }) => expect(body.status).toBe('REJECTED'));
    });

    it('does not change a cancelled order', async () => {
      const id = await waitingOrder();
      await patch(id, { status: 'CANCELLED' });
      await rejected(id);
      await get(id).expect(({ body }) => expect(body.status).toBe('CANCELLED'));
    });
  });

  describe('with an Idempotency-Key', () => {
    const order = { qty: 2, equipmentId: 1 };
    let key: string;

    beforeEach(() => {
      key = `key-${Math.random()}`;
    });
    const send = (body: object = order) => post(body, { 'idempotency-key': key });

    it('repeats the first answer, also after the order has changed', async () => {
      const first = await send().expect(201);
      await patch(first.body.id, { status: 'CANCELLED' }).expect(200);
      const before = await counted();
      const second = await send().expect(201);
      expect(second.body).toEqual(first.body);
      expect(second.headers['location']).toBe(first.headers['location']);
      expect(await counted()).toBe(before);
    });

    it('recognises the same request in another notation', async () => {
      const first = await send().expect(201);
      const second = await send({ status: 'ORDERED', equipmentId: '1', qty: '2' }).expect(201);
      expect(second.body).toEqual(first.body);
    });

    it('takes a key in quotes for the same key without quotes', async () => {
      const first = await send().expect(201);
      const second = await post(order, { 'idempotency-key': `"${key}"` }).expect(201);
      expect(second.body).toEqual(first.body);
    });

    it('places one order for many concurrent requests', async () => {
      const before = await counted();
      const answers = await Promise.all(Array.from({ length: 20 }, () => send()));
      expect(await counted()).toBe(before + 1);
      for (const { body, status } of answers) {
        expect(status).toBe(201);
        expect(body).toEqual(answers[0]?.body);
      }
    });

    it('continues a request that crashed before its answer', async () => {
      const [placed] = await database.query(
        `INSERT INTO orders (equipment_id, qty, status, ordered_at)
         VALUES (1, 2, 'ORDERED', now()) RETURNING id`,
      );
      await database.query(
        `INSERT INTO idempotency_keys (key, fingerprint, order_id, created_at)
         VALUES ($1, '1/2', $2, now())`,
        [key, placed.id],
      );
      const { body } = await send().expect(201);
      expect(body).toMatchObject({ id: placed.id, status: 'APPROVED' });
    });

    it('repeats the answer 202 after the order was approved', async () => {
      answer = isDown;
      const first = await send().expect(202);
      await obtained(first.body.id);
      const second = await send().expect(202);
      expect(second.body).toEqual(first.body);
    });

    it('keeps the keys after a restart', async () => {
      const first = await send().expect(201);
      await app.close();
      await start();
      const second = await send().expect(201);
      // except for the links: the port is another one now
      expect({ ...second.body, _links: 0 }).toEqual({ ...first.body, _links: 0 });
    });

    it('answers 422 when the key belongs to another order', async () => {
      await send().expect(201);
      const { body } = await send({ ...order, qty: 3 }).expect(422);
      expect(body.type).toBe('urn:equipmgnt:problem:idempotency-key-reused');
    });

    it.each(['', '""', 'a b', '"a b"', 'x'.repeat(256)])(
      'answers 400 to the key %p',
      async (bad) => {
        const { body } = await post(order, { 'idempotency-key': bad }).expect(400);
        expect(body.errors).toMatchObject([{ in: 'header', pointer: '#/Idempotency-Key' }]);
      },
    );

    it('deletes only keys that are old enough', async () => {
      const { body } = await send().expect(201);
      const keys = app.get(IdempotencyKeys);
      expect(await keys.forget(new Date(Date.now() - 86_400_000), 1_000)).toBe(0);
      expect(await keys.forget(new Date(Date.now() + 1_000), 1)).toBe(1);
      while ((await keys.forget(new Date(Date.now() + 1_000), 1_000)) > 0);
      const again = await send().expect(201);
      expect(again.body.id).not.toBe(body.id);
    });
  });

  describe('the repository', () => {
    const at = (minute: number) => new Date(Date.UTC(2026, 0, 2, 3, minute, 5, 678));
    const event = { equipmentId: 5, qty: 4, requester: { id: 'employee-1', name: '이사원' } };
    const details: Required<NewOrder> = { ...event, orderedAt: at(0) };
    const approval = { approvalId: 7, approvedAt: at(1) };
    const approve = (order: Order) => order.approve({ ...details, approvalId: 7 }, at(1));

    it.each<{ state: Complete<OrderState>; change: (order: Order) => void }>([
      { state: { status: 'ORDERED' }, change: () => undefined },
      { state: { status: 'APPROVED', ...approval }, change: approve },
      {
        state: { status: 'CANCELLED', ...approval, cancelledAt: at(2) },
        change: (order) => {
          approve(order);
          order.cancel(at(2));
        },
      },
      {
        state: { status: 'REJECTED', ...approval, rejectedAt: at(2), reason: 'OUT_OF_STOCK' },
        change: (order) => {
          approve(order);
          order.reject(7, 'OUT_OF_STOCK', at(2));
        },
      },
    ])('stores and reads every field of an order: $state', async ({ state, change }) => {
      const orders = app.get(Orders);
      const key = `every-field-${state.status}`;
      const { order } = await orders.place(details, { key, fingerprint: 'f' });
      const { id } = order;
      expect(order).toEqual(new Order({ id, details, state: { status: 'ORDERED' } }));
      change(order);
      expect(await orders.save([order])).toEqual(new Set([id]));
      const saved = new Order({ id, details, state });
      expect(await orders.find([id])).toEqual([saved]);
      const [ordered] = await eventsOf(id);
      expect(ordered).toEqual({
        type: 'equipmgnt.Ordered.v1',
        key: id,
        data: { orderId: id, ...event },
      });
      const sort = [{ property: 'id', direction: 'desc' }] as const;
      expect((await orders.page({ page: 0, size: 1, sort })).items).toEqual([saved]);
      expect(await orders.keepAnswer(key, saved)).toEqual(saved);
      expect(await orders.place(details, { key, fingerprint: 'f' })).toEqual({
        order: saved,
        answer: saved,
      });
    });
  });

  describe('GET /orders', () => {
    it('pages and sorts orders', async () => {
      await Promise.all([1, 2, 3].map(() => post({ qty: 1, equipmentId: 1 })));
      const { body } = await request(url).get('/orders?size=2&page=1&sort=id,desc');
      const total = await counted();
      expect(body.page).toEqual({
        size: 2,
        totalElements: total,
        totalPages: Math.ceil(total / 2),
        number: 1,
      });
      const [first, second] = body._embedded.orders;
      expect(first.id).toBe(second.id + 1);
      expect(first._links.self.href).toContain(`/orders/${first.id}`);
      expect(body._links.next.href).toContain('size=2&page=2&sort=id%2Cdesc');
    });
  });
});
