import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Controller, Get, Logger, Module, Post, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import request from 'supertest';
import { eventually, testProcessEnv, rawAnswer } from '@equipmgnt/testing/jest';
import { processConfig, readConfig } from '@equipmgnt/runtime';
import { halPage, halResource } from './hal.ts';
import { IdempotencyKey } from './idempotency-key.ts';
import { createService } from './service.ts';

const FIRST_PAGE = { page: 0, size: 20, sort: [{ property: 'id', direction: 'asc' as const }] };

const thingResource = (request: FastifyRequest, thing: { id: number }) =>
  halResource(request, 'thing', 'things', thing);

@Controller('things')
class ThingsController {
  @Get()
  list(@Req() request: FastifyRequest) {
    return halPage(request, 'things', FIRST_PAGE, { items: [], total: 0 }, thingResource);
  }

  @Post()
  add(@Req() request: FastifyRequest) {
    throw new Error(String(request.headers['database']));
  }

  @Post('once')
  addOnce(@IdempotencyKey() _key: string | undefined, @Req() request: FastifyRequest) {
    this.add(request);
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const KEY = { 'idempotency-key': 'a' };

const UNFINISHED =
  'POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n';

const outages = {
  isTransient: (error: unknown) => /unavailable|lost|aborted/.test(String(error)),
  isOutcomeUnknown: (error: unknown) => /lost/.test(String(error)),
};

describe('A service', () => {
  let app: NestFastifyApplication;
  let url: string;

  beforeAll(async () => {
    const config = readConfig(processConfig, { ...testProcessEnv, CONNECTION_DRAIN_MS: '0' });
    app = await createService({ name: 'things', config, module: ThingsModule, ...outages });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  describe('in its links', () => {
    it.each([
      ['host', 'a^b'],
      ['host', 'a/b'],
      ['host', 'a@b'],
      ['host', 'host:99999'],
      ['x-forwarded-host', 'a b'],
      ['x-forwarded-proto', 'ht^tp'],
    ])('rejects %s: %s', async (header, value) => {
      const { body } = await request(url).get('/things').set(header, value).expect(400);
      expect(body).toMatchObject({ type: 'urn:equipmgnt:problem:bad-host', instance: '/things' });
    });

    it('uses its own address for a client that sends no host', async () => {
      expect(await rawAnswer(url, 'GET /things HTTP/1.0\r\n\r\n')).toContain(`"${url}/things"`);
    });

    it('accepts a whole URL as the request target', async () => {
      const target = 'GET http://localhost:81/things HTTP/1.1';
      const answer = await rawAnswer(
        url,
        `${target}\r\nHost: localhost:81\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toContain('"href":"http://localhost:81/things"');
    });
  });

  it.each([
    ['unavailable', '/things', {}, '2', /Try again/],
    ['lost', '/things', {}, undefined, /check before you retry/],
    ['lost', '/things', KEY, undefined, /check before you retry/],
    ['lost', '/things/once', {}, undefined, /check before you retry/],
    ['lost', '/things/once', KEY, '2', /Try again/],
  ])(
    'whose database connection is %s answers POST %s with %j with a hint whether to retry',
    async (database, path, with_, s, how) => {
      const { body, headers } = await request(url)
        .post(path)
        .set({ database, ...with_ })
        .expect(503);
      expect(body).toMatchObject({
        type: 'urn:equipmgnt:problem:database-unavailable',
        detail: expect.stringMatching(how),
      });
      expect(headers['retry-after']).toBe(s);
    },
  );

  it('does not report a client that disconnects as an unavailable database', async () => {
    const warn = import.meta.jest.spyOn(Logger.prototype, 'warn');
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(`${UNFINISHED}{`));
    const [received] = await once(app.getHttpServer(), 'request');
    socket.destroy();
    await once(received, 'close').catch(() => undefined); // it rejects with the error of the aborted request
    await setImmediate();
    expect(warn).not.toHaveBeenCalled();
    import.meta.jest.restoreAllMocks();
  });

  it('answers 408 when a body does not arrive in time', async () => {
    const answer = await rawAnswer(url, `${UNFINISHED}{`);
    expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
    expect(answer).toContain('urn:equipmgnt:problem:request-timeout');
  });

  it.each([
    ['malformed HTTP', 'GET\r\n\r\n', '400 Bad Request', 'malformed-request'],
    [
      'headers without an end',
      `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`,
      '431 Request Header Fields Too Large',
      'headers-too-large',
    ],
  ])('answers %s with a problem', async (_, bytes, status, code) => {
    const [head = '', body = ''] = (await rawAnswer(url, bytes)).split('\r\n\r\n');
    expect(head.split('\r\n')).toEqual(
      expect.arrayContaining([`HTTP/1.1 ${status}`, 'Content-Type: application/problem+json']),
    );
    expect(JSON.parse(body)).toMatchObject({ type: `urn:equipmgnt:problem:${code}` });
  });
});

describe('A service with a limit of its event loop delay', () => {
  const LIMIT_MS = 100;
  let app: NestFastifyApplication;
  let url: string;

  beforeEach(async () => {
    const config = readConfig(processConfig, {
      ...testProcessEnv,
      CONNECTION_DRAIN_MS: '0',
      MAX_EVENT_LOOP_DELAY_MS: String(LIMIT_MS),
    });
    app = await createService({ name: 'things', config, module: ThingsModule });
  });
  afterEach(() => app.close());

  const listen = async () => {
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  };
  const list = () => request(url).get('/things');

  it('answers 503 while the event loop is blocked, and serves again afterwards', async () => {
    await listen();
    const blocking = setInterval(() => blockEventLoop(3 * LIMIT_MS), 0);
    await eventually(async () =>
      expect(await list()).toMatchObject({
        status: 503,
        headers: { 'retry-after': '2' },
        body: {
          type: 'urn:equipmgnt:problem:overloaded',
          detail: expect.stringContaining('event loop'),
        },
      }),
    );
    await request(url).get('/actuator/health/liveness').expect(200);
    clearInterval(blocking);
    await eventually(async () => (await list()).status === 200);
  });

  it('does not count a pause before its first measurement as overload', async () => {
    blockEventLoop(1_500);
    await listen();
    await list().expect(200);
  });
});

describe('Two services in one process', () => {
  const config = readConfig(processConfig, { ...testProcessEnv, CONNECTION_DRAIN_MS: '0' });
  const start = async (name: string) => {
    const app = await createService({ name, config, module: ThingsModule });
    await app.listen(0, '127.0.0.1');
    return app;
  };
  const countedBy = async (app: NestFastifyApplication): Promise<number> => {
    const { text } = await request(await app.getUrl())
      .get('/actuator/prometheus')
      .expect(200)
      .expect('content-type', /^text\/plain; version=0\.0\.4/);
    const series = 'http_server_requests_seconds_count{method="GET",uri="/things",status="200"}';
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return Number(line?.slice(series.length) ?? 0);
  };

  it('have separate metrics, and leave the listeners of the process alone', async () => {
    const listeners = process.listeners('warning');
    const apps = [await start('one'), await start('other')] as const;
    const [one, other] = apps;
    try {
      await request(await one.getUrl())
        .get('/things')
        .expect(200);
      expect(await countedBy(one)).toBe(1);
      expect(await countedBy(other)).toBe(0);
      expect(process.listeners('warning')).toEqual(listeners);
    } finally {
      await Promise.all(apps.map((app) => app.close()));
    }
  });
});

/** Blocks the event loop for so many ms. */
function blockEventLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
