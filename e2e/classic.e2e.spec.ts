import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Api, discrepancies, eventually, runSuite } from '@equipmgnt/testing/jest';

describe('The suite, through its gateway', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let api: Api;
  const registered = new Map<number, number>();

  beforeAll(async () => {
    running = await runSuite({ env: { order: { APPROVAL_TIMEOUT_MS: '5000' } } });
    api = running.api;
  });

  afterAll(() => running.stop());

  const register = async (stock: number): Promise<number> => {
    const { body, status } = await api.post('/equipments', { stock });
    expect(status).toBe(201);
    registered.set(body.id, stock);
    return body.id;
  };
  const stockOf = async (id: number) => (await api.get(`/equipments/${id}`)).body.stock;

  it('plays the classic scenario', async () => {
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

  it('rejects an order for which there is too little, or no such equipment', async () => {
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

  it('rejects an order whose approval somebody obtained for something else, and frees its units', async () => {
    const equipmentId = await register(10);
    const { body: last } = await api.post('/orders', { qty: 1, equipmentId });
    const next = last.id + 1;
    await api.post('/approvals', { orderId: String(next), equipmentId: String(equipmentId) });
    const { body, status } = await api.post('/orders', { qty: 5, equipmentId });
    expect(body).toMatchObject({ id: next, status: 'REJECTED', reason: 'APPROVAL_MISMATCH' });
    expect(status).toBe(201);
    await eventually(async () => expect(await stockOf(equipmentId)).toBe(9));
  });

  it('has exactly as many of 50 orders at once approved as there are units', async () => {
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

  it('gives one order to many requests with one Idempotency-Key', async () => {
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

  it('balances its books', async () => {
    await eventually(async () => expect(await discrepancies(api, registered)).toEqual([]));
  });

  describe('the gateway', () => {
    it('has every link point at itself, or at what is before it', async () => {
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

    it('serves equipment also at the path of the original', async () => {
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
    ])('passes problems on: %s', async (path, body, status) => {
      const answer = await fetch(api.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await answer.json()).toMatchObject({ status, instance: path });
    });

    it('answers 415, 405 and a bad address as the services do', async () => {
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

    it('passes correlation on to the service, and back', async () => {
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

    it('answers 502 for a dead service, in bounded time, and serves the others', async () => {
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

    it('answers 504 for a service that hangs, and serves the others meanwhile', async () => {
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
