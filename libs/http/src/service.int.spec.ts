import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Controller, Get, Logger, Module, Post, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import request from 'supertest';
import { eventually, inTestProcess, rawAnswer } from '@equipmgnt/testing/jest';
import { processConfig, readConfig } from '@equipmgnt/runtime';
import { halPage } from './hal.ts';
import { IdempotencyKey } from './idempotency-key.ts';
import { createService } from './service.ts';

const FIRST_PAGE = { page: 0, size: 20, sort: { property: 'id', direction: 'asc' as const } };

@Controller('things')
class ThingsController {
  @Get()
  list(@Req() request: FastifyRequest) {
    return halPage(request, 'things', FIRST_PAGE, 0, []);
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
  isTransient: (error: unknown) => /away|lost|aborted/.test(String(error)),
  isOutcomeUnknown: (error: unknown) => /lost/.test(String(error)),
};

describe('A service', () => {
  let app: NestFastifyApplication;
  let url: string;

  beforeAll(async () => {
    const config = readConfig(processConfig, { ...inTestProcess, CONNECTION_DRAIN_MS: '0' });
    app = await createService({ name: 'things', config, module: ThingsModule, ...outages });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  describe('asked for links', () => {
    it.each([
      ['host', 'rental.example', 'http://rental.example/things'],
      ['host', '[::1]:8080', 'http://[::1]:8080/things'],
      ['x-forwarded-host', 'other, rental.example:81', 'http://rental.example:81/things'],
    ])('makes them by %s: %s', async (header, value, href) => {
      const { body } = await request(url).get('/things').set(header, value).expect(200);
      expect(body._links.self.href).toBe(href);
    });

    it.each([
      ['host', 'a^b'],
      ['host', 'a/b'],
      ['host', 'a@b'],
      ['host', 'host:99999'],
      ['x-forwarded-host', 'a b'],
      ['x-forwarded-proto', 'ht^tp'],
    ])('refuses %s: %s', async (header, value) => {
      const { body } = await request(url).get('/things').set(header, value).expect(400);
      expect(body).toMatchObject({ type: 'urn:equipmgnt:problem:bad-host', instance: '/things' });
    });

    it('makes them by its own address for a caller that names no host', async () => {
      expect(await rawAnswer(url, 'GET /things HTTP/1.0\r\n\r\n')).toContain(`"${url}/things"`);
    });

    it('takes a whole address for a path', async () => {
      const target = 'GET http://rental.example/things HTTP/1.1';
      const answer = await rawAnswer(
        url,
        `${target}\r\nHost: rental.example\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toContain('"href":"http://rental.example/things"');
    });
  });

  it.each([
    ['away', '/things', {}, '2', /Try again/],
    ['lost', '/things', {}, undefined, /check before you retry/],
    ['lost', '/things', KEY, undefined, /check before you retry/],
    ['lost', '/things/once', {}, undefined, /check before you retry/],
    ['lost', '/things/once', KEY, '2', /Try again/],
  ])(
    'whose database is %s says after POST %s with %j how to go on',
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

  it('takes a caller who hangs up for that, not for a database that is away', async () => {
    const warn = import.meta.jest.spyOn(Logger.prototype, 'warn');
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(`${UNFINISHED}{`));
    const [received] = await once(app.getHttpServer(), 'request');
    socket.destroy();
    await once(received, 'close').catch(() => undefined); // with the error that it is refused for
    await setImmediate();
    expect(warn).not.toHaveBeenCalled();
    import.meta.jest.restoreAllMocks();
  });

  it('does not wait for ever for a body', async () => {
    const answer = await rawAnswer(url, `${UNFINISHED}{`);
    expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
    expect(answer).toContain('urn:equipmgnt:problem:request-timeout');
  });

  it.each([
    ['what is not HTTP', 'GET\r\n\r\n', '400 Bad Request', 'malformed-request'],
    [
      'headers without an end',
      `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`,
      '431 Request Header Fields Too Large',
      'headers-too-large',
    ],
  ])('refuses %s with a problem', async (_, bytes, status, code) => {
    const [head = '', body = ''] = (await rawAnswer(url, bytes)).split('\r\n\r\n');
    expect(head.split('\r\n')).toEqual(
      expect.arrayContaining([`HTTP/1.1 ${status}`, 'Content-Type: application/problem+json']),
    );
    expect(JSON.parse(body)).toMatchObject({ type: `urn:equipmgnt:problem:${code}` });
  });
});

describe('A service with a limit to the delay of its event loop', () => {
  const LIMIT_MS = 100;
  let app: NestFastifyApplication;
  let url: string;

  beforeEach(async () => {
    const config = readConfig(processConfig, {
      ...inTestProcess,
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

  it('refuses while others hold the loop up, says so, and serves when they are done', async () => {
    await listen();
    const others = setInterval(() => holdTheLoop(3 * LIMIT_MS), 0);
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
    clearInterval(others);
    await eventually(async () => (await list()).status === 200);
  });

  it('takes a pause before it has measured anything for no load', async () => {
    holdTheLoop(1_500);
    await listen();
    await list().expect(200);
  });
});

/** Does nothing else for so many ms. */
function holdTheLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
