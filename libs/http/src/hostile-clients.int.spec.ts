import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { Controller, Get, Module, Post, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { eventually, rawAnswer, testProcessEnv } from '@equipmgnt/testing/jest';
import { processConfig, readConfig } from '@equipmgnt/runtime';
import { createService, type ServiceOptions } from './service.ts';

const MAX_IN_FLIGHT = 20;
/** More than the kernel buffers for one connection. */
const LARGE = 'x'.repeat(16 * 1024 * 1024);
const SMALL = 'small';

@Controller()
class ThingsController {
  readonly held: FastifyReply[] = [];

  @Get('large')
  large() {
    return LARGE;
  }

  @Get('small')
  small() {
    return SMALL;
  }

  @Get('held')
  hold(@Res() reply: FastifyReply) {
    this.held.push(reply);
  }

  @Post('small')
  add() {
    return SMALL;
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const GET_AND_CLOSE = get('/small', 'Connection: close\r\n');
const UNFINISHED =
  'POST /small HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n';

describe('A service with hostile clients', () => {
  let app: NestFastifyApplication;
  let url: string;
  let sockets: Socket[];

  const start = async (env: Record<string, string> = {}, more: Partial<ServiceOptions> = {}) => {
    const config = readConfig(processConfig, {
      ...testProcessEnv,
      MAX_IN_FLIGHT: String(MAX_IN_FLIGHT),
      CONNECTION_DRAIN_MS: '0',
      ...env,
    });
    app = await createService({ name: 'things', config, module: ThingsModule, ...more });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  };
  /** A client that sends bytes and does not read the answers. */
  const send = async (bytes: string): Promise<Socket> => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    socket.pause().write(bytes);
    return socket;
  };
  const statusOf = async (path = '/small') => (await fetch(url + path)).status;
  const received = async (n: number, act: () => Promise<unknown>) => {
    let requests = 0;
    const count = () => (requests += 1);
    app.getHttpServer().on('request', count);
    await act();
    await eventually(() => requests >= n);
    app.getHttpServer().off('request', count);
  };
  const openConnections = () =>
    new Promise<number>((done) =>
      app.getHttpServer().getConnections((_: unknown, n: number) => done(n)),
    );

  beforeEach(() => (sockets = []));
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await app.close();
  });

  it('serves others while one client pipelines 1,300 requests and never reads', async () => {
    await start();
    await received(1_300, () => send(get('/large') + get('/small').repeat(1_299)));
    expect(await statusOf()).toBe(200);
  });

  it('serves others while many clients never read', async () => {
    await start();
    const clients = Array.from({ length: 2 * MAX_IN_FLIGHT }, () => () => send(get('/large')));
    await received(clients.length, () => Promise.all(clients.map((client) => client())));
    expect(await statusOf()).toBe(200);
  });

  it('serves others while many clients do not finish sending', async () => {
    await start();
    const clients = Array.from({ length: 2 * MAX_IN_FLIGHT }, () => () => send(UNFINISHED));
    await received(clients.length, () => Promise.all(clients.map((client) => client())));
    expect(await statusOf()).toBe(200);
  });

  it('closes the connection of a client that does not read', async () => {
    await start();
    await received(1, () => send(get('/large')));
    expect(await openConnections()).toBe(1);
    await eventually(async () => (await openConnections()) === 0);
  });

  it('sends a large answer to a client that reads slowly', async () => {
    await start();
    const client = await send(get('/large', 'Connection: close\r\n'));
    const pausing = setInterval(() => client.pause(), 20);
    const resuming = setInterval(() => client.resume(), 100);
    const answer = await text(client);
    clearInterval(pausing);
    clearInterval(resuming);
    expect(answer.endsWith(LARGE)).toBe(true);
  });

  it('answers pipelined requests in their order, and refuses too many on one connection', async () => {
    await start();
    const few = await rawAnswer(url, get('/small').repeat(9) + GET_AND_CLOSE);
    expect(few.match(/HTTP\/1.1 200/g)).toHaveLength(10);
    const client = await send(get('/held').repeat(1_000));
    const { held } = app.get(ThingsController);
    await eventually(() => held.length > 0);
    client.resume();
    const answer = text(client);
    const [first] = held;
    expect(held.length).toBeLessThan(MAX_IN_FLIGHT);
    expect(await statusOf()).toBe(200);
    for (const reply of held) void reply.send(SMALL);
    expect(first?.statusCode).toBe(200);
    expect(await answer).toMatch(/HTTP\/1.1 503 [^]*too many requests on one connection/);
  });

  it('keeps places for others when one client address has many requests', async () => {
    await start({}, { maxInFlightPerClient: 5 });
    const { held } = app.get(ThingsController);
    const own = (ip: string) => ({ headers: { 'x-forwarded-for': ip } });
    const answers = Array.from({ length: 10 }, () => fetch(`${url}/held`, own('203.0.113.1')));
    await eventually(() => held.length === 5);
    expect((await fetch(`${url}/small`, own('203.0.113.1'))).status).toBe(503);
    expect((await fetch(`${url}/small`, own('203.0.113.2'))).status).toBe(200);
    for (const reply of held) void reply.send(SMALL);
    const statuses = (await Promise.all(answers)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(5).fill(200), ...Array(5).fill(503)]);
    expect((await fetch(`${url}/small`, own('203.0.113.1'))).status).toBe(200);
  });

  describe('that stops', () => {
    it('sends the answer to a client that reads it', async () => {
      await start();
      const client = await send(get('/large'));
      await once(client, 'readable');
      const closed = app.close();
      expect((await text(client)).endsWith(LARGE)).toBe(true);
      await closed;
    });

    it('ends in time although a client does not read', async () => {
      await start({ SHUTDOWN_TIMEOUT_MS: '2000' });
      await received(1, () => send(get('/large')));
      const before = performance.now();
      await app.close();
      expect(performance.now() - before).toBeLessThan(2_000);
    });
  });
});
