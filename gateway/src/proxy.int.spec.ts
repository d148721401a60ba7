import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createService } from '@equipmgnt/http';
import { processConfig, readConfig } from '@equipmgnt/runtime';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { symbols } from 'pino';
import { eventually, testProcessEnv, rawAnswer } from '@equipmgnt/testing/jest';
import { proxy } from './proxy.ts';

@Module({})
class GatewayModule {}

interface Stream {
  write(line: string): void;
}

/** Concurrent requests to the service, and at the gateway. */
const MAX_IN_FLIGHT = 2;
const GATEWAY_MAX_IN_FLIGHT = 4;
const TIMEOUT_MS = 10_000;

describe('The gateway', () => {
  let service: Server;
  let app: NestFastifyApplication;
  let url: string;
  let forwarded: IncomingMessage[];
  let answer: RequestListener;
  let logged: Record<string, unknown>[];

  beforeEach(async () => {
    forwarded = [];
    answer = (request, response) => response.end(JSON.stringify(request.headers));
    service = createServer((request, response) => {
      forwarded.push(request);
      answer(request, response);
    });
    await once(service.listen(0, '127.0.0.1'), 'listening');
    const route = {
      service: 'order',
      url: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
      prefixes: { '/orders': '/orders', '/order': '/orders' },
    };
    app = await createService({
      name: 'gateway',
      config: readConfig(processConfig, {
        ...testProcessEnv,
        LOG_LEVEL: 'warn',
        CONNECTION_DRAIN_MS: '0',
        MAX_IN_FLIGHT: String(GATEWAY_MAX_IN_FLIGHT),
      }),
      module: GatewayModule,
      prepare: async (app) => {
        const limits = { timeoutMs: TIMEOUT_MS, maxInFlight: MAX_IN_FLIGHT };
        await app.register(proxy(route, limits));
        const other = { ...route, service: 'mis', prefixes: { '/mis': '/mis' } };
        await app.register(proxy(other, limits));
      },
    });
    logged = [];
    const { log } = app.getHttpAdapter().getInstance();
    const { [symbols.streamSym]: stream } = log as unknown as Record<symbol, Stream>;
    import.meta.jest.spyOn(stream!, 'write').mockImplementation((line) => {
      logged.push(JSON.parse(line));
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterEach(async () => {
    service.closeAllConnections();
    service.close();
    await app.close();
  });

  /** Sends exactly this path and these headers; fetch would normalise them. */
  const send = async (path: string, headers: Record<string, string> = {}, body?: string) => {
    const { hostname, port } = new URL(url);
    const method = body === undefined ? 'GET' : 'POST';
    const agent = new Agent({ keepAlive: true });
    const sent = httpRequest({ hostname, port, path, method, headers, agent }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const answered = { status: response.statusCode, headers: response.headers };
    const received = await text(response);
    agent.destroy();
    return { ...answered, body: received === '' ? undefined : JSON.parse(received) };
  };

  describe('when clients abort their requests', () => {
    const held: ServerResponse[] = [];
    const order = (signal = AbortSignal.timeout(TIMEOUT_MS)) =>
      fetch(`${url}/orders`, { method: 'POST', body: '{}', signal });

    beforeEach(async () => {
      held.length = 0;
      answer = (_, response) => held.push(response);
      const clients = new AbortController();
      const aborted = Array.from({ length: MAX_IN_FLIGHT }, () => order(clients.signal));
      await eventually(() => held.length === MAX_IN_FLIGHT);
      clients.abort();
      await Promise.allSettled(aborted);
      const connections = () =>
        new Promise((done) =>
          app.getHttpServer().getConnections((_: unknown, n: number) => done(n)),
        );
      await eventually(async () => (await connections()) === 0);
    });

    it('answers 503 instead of queueing requests for the service', async () => {
      const { status, headers } = await order();
      expect([status, headers.get('retry-after')]).toEqual([503, '2']);
      expect(forwarded).toHaveLength(MAX_IN_FLIGHT);
    });

    it('forwards again as soon as the service has finished the aborted requests', async () => {
      answer = (_, response) => response.writeHead(201).end();
      held.forEach((response) => response.end());
      await eventually(async () => (await order()).status === 201);
    });
  });

  it('counts a request until its whole answer is forwarded', async () => {
    answer = (_, response) => response.write('{');
    const clients = new AbortController();
    const start = () => fetch(`${url}/orders`, { signal: clients.signal });
    await Promise.all(Array.from({ length: MAX_IN_FLIGHT }, start));
    expect((await send('/orders')).status).toBe(503);
    clients.abort();
    answer = (_, response) => response.end();
    await eventually(async () => (await send('/orders')).status === 200);
  });

  it('answers 503 without a request to the service when the gateway is overloaded', async () => {
    const { hostname, port } = new URL(url);
    const held: ServerResponse[] = [];
    answer = (_, response) => held.push(response);
    const unanswered = Array.from({ length: GATEWAY_MAX_IN_FLIGHT }, (_, i) => {
      const path = i < MAX_IN_FLIGHT ? '/orders' : '/mis';
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: gateway\r\n\r\n`);
      return socket;
    });
    await eventually(() => held.length === GATEWAY_MAX_IN_FLIGHT);
    await eventually(async () =>
      expect(await send('/orders')).toMatchObject({
        status: 503,
        headers: { 'retry-after': '2' },
        body: {
          type: 'urn:equipmgnt:problem:overloaded',
          detail: expect.not.stringContaining('The service order'),
        },
      }),
    );
    const before = forwarded.length;
    await send('/orders');
    expect(forwarded).toHaveLength(before);
    answer = (_, response) => response.end();
    for (const socket of unanswered) socket.destroy();
    held.forEach((response) => response.end());
    await eventually(async () => (await send('/orders')).status === 200);
    expect(logged).toEqual([]);
  });

  it.each([
    ['/orders?page=1', '/orders?page=1'],
    ['/order/1', '/orders/1'],
    ['/order/', '/orders/'],
    ['/orders/a%2Fb', '/orders/a%2Fb'],
    ['http://gateway/orders/1?x=http://y', '/orders/1?x=http://y'],
  ])('forwards %s as %s', async (path, target) => {
    expect(await send(path)).toMatchObject({ status: 200 });
    expect(forwarded.map((request) => request.url)).toEqual([target]);
  });

  it.each([
    String.raw`/orders/\..\..\actuator/prometheus`,
    String.raw`http://gateway/orders/\..\..\actuator/prometheus`,
    '/orders/..%2fx',
    '/orders/%2e%2e/actuator',
    '/orders/..%5c..%5cactuator',
    '/orders/%zz',
    '/%6frders/1',
  ])('rejects %s', async (path) => {
    const { status, body } = await send(path);
    expect({ status, body }).toMatchObject({ status: 400, body: { detail: expect.anything() } });
    expect(forwarded).toEqual([]);
    expect(logged).toEqual([]);
  });

  it('forwards the prefix of a trusted proxy, and what the client accepts', async () => {
    const accept = 'application/hal+json';
    const { body } = await send('/orders', { 'x-forwarded-prefix': '/api/', accept });
    expect(body).toMatchObject({ 'x-forwarded-prefix': '/api', accept });
    expect((await send('/orders')).body).not.toHaveProperty('x-forwarded-prefix');
  });

  it('answers a HEAD, and a 304 of the service, without a body', async () => {
    answer = (request, response) =>
      request.method === 'HEAD'
        ? response.writeHead(200, { 'content-length': '9', etag: '"1"' }).end()
        : response.writeHead(304, { etag: '"1"' }).end();
    const head = await fetch(`${url}/orders`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
      200,
      '9',
      '"1"',
    ]);
    const headers = { 'if-none-match': '"1"' };
    expect(await send('/orders', headers)).toMatchObject({ status: 304, headers: { etag: '"1"' } });
  });

  it('keeps the connection of an HTTP/1.0 client that asks for it', async () => {
    const one = 'GET /orders HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
    const answers = await rawAnswer(url, one + one.replace('keep-alive', 'close'));
    expect(answers.match(/HTTP\/1.1 200/g)).toHaveLength(2);
  });

  it('refuses a compressed body, which no service reads', async () => {
    const { status, headers } = await send('/orders', { 'content-encoding': 'gzip' }, '{}');
    expect([status, headers['accept-encoding']]).toEqual([415, 'identity']);
  });

  it('does not forward the connection headers of a client', async () => {
    const hopByHop = {
      expect: '100-continue',
      'keep-alive': 'timeout=5',
      'proxy-connection': 'keep-alive',
      te: 'trailers',
      trailer: 'x-checksum',
      upgrade: 'h2c',
    };
    const { status, body } = await send('/orders', { ...hopByHop, 'x-client': 'me' }, '{"qty":1}');
    expect(status).toBe(200);
    expect(body).toMatchObject({ 'x-client': 'me', 'content-length': '9' });
    expect(Object.keys(body)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(`^(${Object.keys(hopByHop).join('|')})$`)]),
    );
  });

  it('keeps the connection to the client open when the service closes its own', async () => {
    answer = (_, response) =>
      response.writeHead(200, { connection: 'close, x-hop', 'x-hop': '1', 'x-end': '1' }).end();
    const { headers } = await send('/orders');
    expect(headers).toMatchObject({ connection: 'keep-alive', 'x-end': '1' });
    expect(headers).not.toHaveProperty('x-hop');
  });

  it('closes the connection when the client asks for it', async () => {
    const bytes = 'GET /orders HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n';
    expect(await rawAnswer(url, bytes)).toMatch(/^HTTP\/1.1 200 .*\r\nconnection: close\r\n/is);
  });

  it('forwards its own address when the client sends no Host', async () => {
    expect(await rawAnswer(url, 'GET /orders HTTP/1.0\r\n\r\n')).toContain(
      `"x-forwarded-host":"${new URL(url).host}"`,
    );
  });

  it.each<[string, RequestListener]>([
    ['closes the connection', (request) => request.socket.destroy()],
    [
      'stops before the body of its answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': '10' }).flushHeaders();
        request.socket.end();
      },
    ],
  ])('answers 502 for a service that %s, and logs it once', async (_, listener) => {
    answer = listener;
    const { status, body } = await send('/orders', {}, '{}');
    expect([status, body.type]).toEqual([502, 'urn:equipmgnt:problem:service-unavailable']);
    expect(logged).toEqual([
      expect.objectContaining({
        service: 'order',
        err: { code: 'UND_ERR_SOCKET', message: 'other side closed' },
      }),
    ]);
  });
});
