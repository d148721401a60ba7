import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deadLetterTopic, topics } from '@equipmgnt/contracts';
import { readTopic } from '@equipmgnt/messaging/read-topic';
import { measureBacklog } from '@equipmgnt/testing';
import { Api, discrepancies, eventually, runSuite } from '@equipmgnt/testing/jest';
import { Kafka, logLevel } from 'kafkajs';

describe('The suite, through its gateway', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let api: Api;
  const registered = new Map<number, number>();

  beforeAll(async () => {
    const hosts = { ALLOWED_HOSTS: 'rental.example' };
    running = await runSuite({
      env: { order: { APPROVAL_TIMEOUT_MS: '5000' }, gateway: hosts, equipment: hosts },
    });
    api = running.api;
  });

  afterAll(() => running.stop());

  const register = async (stock: number): Promise<number> => {
    const { body, status } = await api.post('/equipments', { stock });
    expect(status).toBe(201);
    registered.set(body.id, stock);
    return body.id;
  };
  const newKafka = () =>
    new Kafka({ brokers: [running.connections.kafkaBrokers], logLevel: logLevel.NOTHING });
  const stockOf = async (id: number) => (await api.get(`/equipments/${id}`)).body.stock;

  it('runs the classic scenario', async () => {
    const equipmentId = await register(10);
    const ordered = await api.post('/orders', { qty: 2, equipmentId, status: 'ORDERED' });
    expect(ordered).toMatchObject({
      status: 201,
      body: { qty: 2, equipmentId, status: 'APPROVED' },
    });
    const { id, approvalId } = ordered.body;
    expect((await api.get(`/approvals/${approvalId}`)).body).toMatchObject({
      orderId: id,
      equipmentId,
      qty: 2,
      status: 'APPROVED',
    });
    await eventually(async () => expect(await stockOf(equipmentId)).toBe(8));
    await eventually(async () =>
      expect((await api.get(`/mis/${id}`)).body).toMatchObject({ status: 'APPROVED', approvalId }),
    );

    const cancelled = await api.patch(`/orders/${id}`, { status: 'CANCELLED' });
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'CANCELLED' } });
    await eventually(async () => expect(await stockOf(equipmentId)).toBe(10));
    await eventually(async () =>
      expect((await api.get(`/approvals/${approvalId}`)).body.status).toBe('CANCELLED'),
    );
    await eventually(async () => {
      const { body } = await api.get(`/mis/${id}`);
      expect(body.status).toBe('CANCELLED');
      expect(body.timeline.map(({ event }: { event: string }) => event)).toEqual([
        'Ordered',
        'ApprovalObtained',
        'StockDecreased',
        'OrderCancelled',
        'CancelRequested',
        'StockIncreased',
      ]);
    });
  });

  it('rejects an order for more than the stock, or for unknown equipment', async () => {
    const equipmentId = await register(1);
    const tooMany = await api.post('/orders', { qty: 2, equipmentId });
    const unknown = await api.post('/orders', { qty: 1, equipmentId: 999_999 });
    for (const [{ body }, reason] of [
      [tooMany, 'OUT_OF_STOCK'],
      [unknown, 'UNKNOWN_EQUIPMENT'],
    ] as const) {
      await eventually(async () => {
        const order = (await api.get(`/orders/${body.id}`)).body;
        expect(order).toMatchObject({ status: 'REJECTED', reason });
        const approval = (await api.get(`/approvals/${order.approvalId}`)).body;
        expect(approval).toMatchObject({ status: 'REJECTED', reason });
        expect((await api.get(`/mis/${body.id}`)).body).toMatchObject({
          status: 'REJECTED',
          reason,
        });
      });
    }
    expect(await stockOf(equipmentId)).toBe(1);
  });

  describe('when a client posts approvals to the approval service', () => {
    let approval: Api;

    beforeAll(() => {
      approval = new Api(running.suite.approval[0].url);
    });

    const approvalEventsOf = async (orderId: number) => {
      const records = await readTopic(newKafka(), topics.approval);
      return records.filter(({ message }) => String(message.key) === String(orderId));
    };

    it('takes no stock for an order that does not exist', async () => {
      const equipmentId = await register(10);
      const orderId = Number.MAX_SAFE_INTEGER;
      const posted = await approval.post('/approvals', { orderId, equipmentId, qty: 10 });
      expect(posted).toMatchObject({ status: 201, body: { status: 'APPROVED', qty: 10 } });
      expect((await api.get(`/approvals/${posted.body.id}`)).body).toEqual({
        ...posted.body,
        _links: expect.anything(),
      });
      // Were the units taken, this order would be rejected.
      const ordered = await api.post('/orders', { qty: 10, equipmentId });
      await eventually(async () => expect(await stockOf(equipmentId)).toBe(0));
      expect((await api.get(`/orders/${ordered.body.id}`)).body.status).toBe('APPROVED');
      expect(await approvalEventsOf(orderId)).toEqual([]);
      expect((await api.get(`/mis/${orderId}`)).status).toBe(404);
    });

    it('approves the next orders with their own equipment and quantity', async () => {
      const [wanted, other] = [await register(10), await register(10)];
      const { body: last } = await api.post('/orders', { qty: 1, equipmentId: wanted });
      const posts = [1, 2, 3].map((n) => {
        const orderId = String(last.id + n);
        return approval.post('/approvals', { orderId, equipmentId: String(other), qty: 10 });
      });
      expect((await Promise.all(posts)).map(({ status }) => status)).toEqual([201, 201, 201]);
      for (const n of [1, 2, 3]) {
        const { body, status } = await api.post('/orders', { qty: 2, equipmentId: wanted });
        expect(body).toMatchObject({ id: last.id + n, equipmentId: wanted, qty: 2 });
        // 202 as a rule; 201 when Ordered has corrected the approval before the call
        expect([201, 202]).toContain(status);
      }
      await eventually(async () => {
        for (const n of [1, 2, 3]) {
          const { body: order } = await api.get(`/orders/${last.id + n}`);
          expect(order).toMatchObject({ status: 'APPROVED', equipmentId: wanted, qty: 2 });
          const { body } = await api.get(`/approvals/${order.approvalId}`);
          expect(body).toMatchObject({ status: 'APPROVED', equipmentId: wanted, qty: 2 });
        }
        expect(await stockOf(wanted)).toBe(3);
      });
      expect(await stockOf(other)).toBe(10);
    });

    it('answers the classic siege line with 2xx each time', async () => {
      const ids = new Set<number>();
      const sendMany = async () => {
        for (let i = 0; i < 50; i += 1) {
          const body = { orderId: '1', equipmentId: '1' };
          const answer = await approval.post('/approvals', body);
          expect([200, 201]).toContain(answer.status);
          ids.add(answer.body.id);
        }
      };
      await Promise.all(Array.from({ length: 10 }, sendMany));
      expect(ids.size).toBe(1);
    });
  });

  it('approves exactly as many of 50 concurrent orders as there are units', async () => {
    const equipmentId = await register(10);
    const seen: number[] = [];
    let watching = true;
    const watch = (async () => {
      while (watching) seen.push(await stockOf(equipmentId));
    })();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.post('/orders', { qty: 1, equipmentId })),
    );
    const ids = answers.map(({ body }) => body.id as number);
    await eventually(async () => {
      const orders = (await api.all<{ id: number; status: string }>('orders')).filter(({ id }) =>
        ids.includes(id),
      );
      const count = (status: string) => orders.filter((order) => order.status === status).length;
      expect({ approved: count('APPROVED'), rejected: count('REJECTED') }).toEqual({
        approved: 10,
        rejected: 40,
      });
      expect(await stockOf(equipmentId)).toBe(0);
    });
    watching = false;
    await watch;
    expect(Math.min(...seen)).toBe(0);
  });

  it('creates one order for concurrent requests with the same Idempotency-Key', async () => {
    const equipmentId = await register(10);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        api.post(
          '/orders',
          { qty: 1, equipmentId },
          { 'idempotency-key': `classic-${equipmentId}` },
        ),
      ),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    await eventually(async () => expect(await stockOf(equipmentId)).toBe(9));
  });

  it('moves no retired event of an earlier version to a dead-letter topic', async () => {
    const orderId = Number.MAX_SAFE_INTEGER - 1;
    const data = { orderId, equipmentId: 1, qty: 1, reason: 'APPROVAL_MISMATCH' };
    const producer = newKafka().producer();
    await producer.connect();
    const headers = { ce_type: 'equipmgnt.OrderRejected.v1', ce_id: 'retired-1' };
    const message = { key: String(orderId), value: JSON.stringify(data), headers };
    await producer.send({ topic: topics.order, messages: [message] });
    await producer.disconnect();
    // approval and mis read this topic
    await eventually(async () =>
      expect(await measureBacklog(running.connections)).toMatchObject({ total: 0 }),
    );
    expect(await readTopic(newKafka(), deadLetterTopic(topics.order))).toEqual([]);
  });

  it('keeps all invariants', async () => {
    await eventually(async () => expect(await discrepancies(api, registered)).toEqual([]));
  });

  describe('the gateway', () => {
    it('returns links with its own address, or with the allowed host of the proxy before it', async () => {
      const equipmentId = await register(1);
      const direct = await api.get(`/equipments/${equipmentId}`);
      expect(direct.body._links.self.href).toBe(`${api.url}/equipments/${equipmentId}`);
      const { headers, body } = await api.post(
        '/equipments',
        { stock: 1 },
        { 'x-forwarded-host': 'rental.example', 'x-forwarded-proto': 'https' },
      );
      registered.set(body.id, 1);
      expect(headers.get('location')).toBe(`https://rental.example/equipments/${body.id}`);
      expect(body._links.self.href).toBe(`https://rental.example/equipments/${body.id}`);
    });

    it('serves equipment also at the singular path', async () => {
      const equipmentId = await register(3);
      const { body } = await api.get(`/equipment/${equipmentId}`);
      expect(body).toMatchObject({ id: equipmentId, stock: 3 });
      expect((await api.get('/equipment?size=1')).body.page.size).toBe(1);
    });

    it.each([
      ['/orders', '{"qty":', 400],
      ['/orders', JSON.stringify({ qty: 0, equipmentId: 1 }), 400],
      ['/orders', JSON.stringify({ qty: 'x'.repeat(100_000) }), 413],
      ['/nowhere', '{}', 404],
      ['/ordersandmore', '{}', 404],
    ])('returns the problem of a service: %s', async (path, body, status) => {
      const answer = await fetch(api.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await answer.json()).toMatchObject({ status, instance: path });
    });

    it('lets clients read approvals and answers 405 to other methods', async () => {
      const posted = await api.post('/approvals', { orderId: '1', equipmentId: '1' });
      expect(posted.status).toBe(405);
      expect(posted.headers.get('allow')).toBe('GET, HEAD');
      expect(posted.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(posted.body).toMatchObject({
        type: 'urn:equipmgnt:problem:method-not-allowed',
        status: 405,
        instance: '/approvals',
      });
      expect((await api.patch('/approvals/1', {})).status).toBe(405);
      expect((await fetch(`${api.url}/approvals`, { method: 'HEAD' })).status).toBe(200);
      expect((await api.get('/approvals')).status).toBe(200);
    });

    it('answers 415, 405 and a malformed path like the services', async () => {
      const form = await fetch(`${api.url}/orders`, {
        method: 'POST',
        body: new URLSearchParams({ qty: '1' }),
      });
      expect(form.status).toBe(415);
      const put = await fetch(`${api.url}/orders/1`, { method: 'PUT' });
      expect(put.status).toBe(405);
      expect(put.headers.get('allow')).toBe('GET, HEAD, PATCH');
      const bad = await fetch(`${api.url}/orders/%zz`);
      expect(await bad.json()).toMatchObject({ status: 400, instance: '/orders/%zz' });
    });

    it('forwards the request id and the trace context', async () => {
      const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
      const { headers } = await api.post(
        '/orders',
        { qty: 1, equipmentId: 999_999 },
        { 'x-request-id': 'find-me-1', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      );
      expect(headers.get('x-request-id')).toBe('find-me-1');
      const log = () => running.suite.gateway[0].lines.filter((line) => line.includes('find-me-1'));
      await eventually(() => log().some((line) => line.includes(traceId)));
    });

    it('answers 502 for a stopped service and serves the others', async () => {
      await running.suite.mis[0].stop();
      const { status, body } = await api.get('/mis/1');
      expect(status).toBe(502);
      expect(body).toMatchObject({
        type: 'urn:equipmgnt:problem:service-unavailable',
        detail: 'The service mis is unavailable.',
        instance: '/mis/1',
      });
      expect((await api.get('/orders')).status).toBe(200);
      await running.suite.mis[0].start();
      expect((await api.get('/mis')).status).toBe(200);
    });

    it('answers 504 for a service that hangs, and serves the others in the meantime', async () => {
      const { order, approval, equipment, mis } = running.suite;
      const { gateway } = await running.start({
        services: { gateway: 1 },
        env: {
          gateway: {
            ORDER_URL: order[0].url,
            APPROVAL_URL: approval[0].url,
            EQUIPMENT_URL: equipment[0].url,
            MIS_URL: mis[0].url,
            UPSTREAM_TIMEOUT_MS: '2000',
          },
        },
      });
      const impatient = new Api(gateway[0].url);
      await mis[0].kill('SIGSTOP');
      const hanging = impatient.get('/mis/1');
      expect((await impatient.get('/orders')).status).toBe(200);
      const { status, body } = await hanging;
      expect(status).toBe(504);
      expect(body.type).toBe('urn:equipmgnt:problem:service-timeout');
      await mis[0].kill('SIGCONT');
      await eventually(async () => expect((await impatient.get('/mis')).status).toBe(200));
    });

    it('answers 502 when a service closes the connection without an answer', async () => {
      const rude = createServer((request) => request.socket.destroy());
      await new Promise<void>((listening) => rude.listen(0, '127.0.0.1', listening));
      const { port } = rude.address() as AddressInfo;
      const suite = await running.start({
        services: { gateway: 1 },
        env: {
          gateway: Object.fromEntries(
            ['ORDER', 'APPROVAL', 'EQUIPMENT', 'MIS'].map((name) => [
              `${name}_URL`,
              `http://127.0.0.1:${port}`,
            ]),
          ),
        },
      });
      const answer = await fetch(`${suite.gateway[0].url}/orders`);
      expect(answer.status).toBe(502);
      await suite.stop();
      rude.close();
    });
  });
});
