import {
  eventually,
  receiveTraces,
  runSuite,
  type Api,
  type ReceivedSpan,
} from '@equipmgnt/testing/jest';
import pg from 'pg';

describe('Traces', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let receiver: Awaited<ReturnType<typeof receiveTraces>>;
  let api: Api;
  let equipmentId: number;

  beforeAll(async () => {
    receiver = await receiveTraces();
    const { environment } = receiver;
    const each = { ...environment, LOG_LEVEL: 'debug' };
    running = await runSuite({
      env: {
        gateway: each,
        order: { ...each, APPROVAL_TIMEOUT_MS: '5000', BREAKER_RESET_MS: '500' },
        approval: each,
        equipment: each,
        mis: each,
      },
    });
    api = running.api;
    equipmentId = (await api.post('/equipments', { stock: 1_000 })).body.id;
  });

  afterAll(async () => {
    await running.stop();
    receiver.close();
  });

  /** The spans of the trace of a request, by the id that its answer carries. */
  const traceOf = (orderId: number): ReceivedSpan[] => {
    const own = receiver.spans.find(
      ({ name, attributes }) => name === 'send Ordered' && attributes['order.id'] === `${orderId}`,
    );
    return receiver.spans.filter(({ traceId }) => traceId === own?.traceId);
  };
  const names = (spans: readonly ReceivedSpan[]) =>
    spans.map(({ service, name }) => `${service}: ${name}`);
  const rootsOf = (spans: readonly ReceivedSpan[]) =>
    spans.filter(({ parentSpanId }) => !spans.some(({ spanId }) => spanId === parentSpanId));

  /** From the click to the stock and to the view. */
  const EVENTS = [
    'order: send Ordered',
    'approval: process Ordered',
    'mis: process Ordered',
    'approval: send ApprovalObtained',
    'equipment: process ApprovalObtained',
    'order: process ApprovalObtained',
    'mis: process ApprovalObtained',
    'equipment: send StockDecreased',
    'mis: process StockDecreased',
  ];

  it('shows an order from the request to the stock and the view as one trace', async () => {
    const { status, body } = await api.post('/orders', { qty: 2, equipmentId });
    expect(status).toBe(201);
    const trace = await eventually(() => {
      const spans = traceOf(body.id);
      expect(names(spans)).toEqual(
        expect.arrayContaining([
          'gateway: POST /orders',
          'order: POST /orders',
          'approval: POST /approvals',
          ...EVENTS,
        ]),
      );
      return spans;
    });
    expect(names(rootsOf(trace))).toEqual(['gateway: POST /orders']);
    const statements = trace.filter(({ attributes }) => 'db.system.name' in attributes);
    expect(new Set(statements.map(({ service }) => service))).toEqual(
      new Set(['order', 'approval', 'equipment', 'mis']),
    );
    expect(trace.filter(({ statusCode }) => statusCode === 2)).toEqual([]);
  });

  it('shows an order that was accepted while approval was down as one trace', async () => {
    await running.suite.approval[0].stop();
    const { status, body } = await api.post('/orders', { qty: 1, equipmentId });
    expect(status).toBe(202);
    await running.suite.approval[0].start();
    const trace = await eventually(() => {
      const spans = traceOf(body.id);
      expect(names(spans)).toEqual(expect.arrayContaining(['gateway: POST /orders', ...EVENTS]));
      return spans;
    });
    expect(names(trace)).not.toContain('approval: POST /approvals');
    expect(names(rootsOf(trace))).toEqual(['gateway: POST /orders']);
  });

  it('continues the trace of a client', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const { body } = await api.post('/orders', { qty: 1, equipmentId }, { traceparent });
    await eventually(() =>
      expect(names(traceOf(body.id))).toContain('mis: process StockDecreased'),
    );
    expect(new Set(traceOf(body.id).map((span) => span.traceId))).toEqual(new Set([traceId]));
  });

  it('shows each of many orders as a trace of its own, with links where they travel together', async () => {
    const orders = await Promise.all(
      Array.from({ length: 40 }, () => api.post('/orders', { qty: 1, equipmentId })),
    );
    const traces = await eventually(() => {
      const all = orders.map(({ body }) => traceOf(body.id));
      for (const spans of all) expect(names(spans)).toEqual(expect.arrayContaining(EVENTS));
      return all;
    });
    expect(new Set(traces.flatMap((spans) => spans.map(({ traceId }) => traceId))).size).toBe(40);
    for (const spans of traces) expect(names(rootsOf(spans))).toEqual(['gateway: POST /orders']);
    const linked = traces.flat().flatMap(({ links }) => links);
    expect(linked.length).toBeGreaterThan(0);
    const known = new Set(receiver.spans.map(({ spanId }) => spanId));
    expect(linked.filter(({ spanId }) => !known.has(spanId))).toEqual([]);
  });

  it('is named by the log lines of a failure, from the gateway to the service that fails', async () => {
    const { databases } = running.connections;
    const client = new pg.Client({ connectionString: databases.equipment });
    await client.connect();
    await client.query('BEGIN');
    await client.query('LOCK TABLE stock_ledger');
    const traceId = 'c3'.repeat(16);
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const { body } = await api.post('/orders', { qty: 1, equipmentId }, { traceparent });
    const { gateway, equipment } = running.suite;
    await eventually(() => {
      const failure = equipment[0].lines.find((line) => line.includes('handling events failed'));
      expect(JSON.parse(failure ?? '{}')).toMatchObject({
        type: 'equipmgnt.ApprovalObtained.v1',
        keys: [`${body.id}`],
        traceIds: [traceId],
      });
    });
    await client.end();
    await eventually(() => expect(names(traceOf(body.id))).toEqual(expect.arrayContaining(EVENTS)));
    const request = gateway[0].lines.find((line) => line.includes(`/orders/${body.id}"`));
    expect(JSON.parse(request ?? '{}')).toMatchObject({
      method: 'POST',
      status: 201,
      traceId,
      location: `${api.url}/orders/${body.id}`,
    });
  });

  it('measures requests that are not sampled, and shows traces only for those that are', async () => {
    const { managementUrl } = running.suite.order[0];
    const read = async () => (await fetch(`${managementUrl}/actuator/prometheus`)).text();
    const countIn = (text: string) =>
      Number(
        /^http_server_requests_seconds_count\{method="GET",uri="\/orders\/:id",.*\} (\d+)/m.exec(
          text,
        )?.[1],
      );
    const get = (traceId: string, flags: string) =>
      api.get('/orders/1', { traceparent: `00-${traceId}-00f067aa0ba902b7-${flags}` });
    await get('a1'.repeat(16), '01');
    await get('b2'.repeat(16), '00');
    const text = await eventually(async () => {
      const latest = await read();
      expect(countIn(latest)).toBe(2);
      return latest;
    });
    expect(text).toContain(`trace_id="${'a1'.repeat(16)}"`);
    expect(text).not.toContain('b2'.repeat(16));
    expect(receiver.spans.filter(({ traceId }) => traceId === 'b2'.repeat(16))).toEqual([]);
  });

  it('does not record probes, metrics, and the rounds of idle relays', async () => {
    const begin = BigInt(Date.now()) * 1_000_000n;
    await fetch(`${running.suite.order[0].url}/actuator/prometheus`);
    await fetch(`${running.suite.order[0].url}/actuator/health`);
    // the next span that arrives is of this request, and the round of each relay takes a second
    const { body } = await api.post('/orders', { qty: 1, equipmentId });
    await eventually(() => expect(names(traceOf(body.id))).toEqual(expect.arrayContaining(EVENTS)));
    const { traceId } = traceOf(body.id)[0]!;
    const others = receiver.spans.filter(
      (span) => span.traceId !== traceId && BigInt(span.startTimeUnixNano) >= begin,
    );
    expect(names(others)).toEqual([]);
  });
});
