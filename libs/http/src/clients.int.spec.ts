import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { Body, Controller, Get, Module, Param, Post, Query, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import request from 'supertest';
import { z } from 'zod';
import { testProcessEnv, rawAnswer } from '@equipmgnt/testing/jest';
import type { PageRequest } from '@equipmgnt/kernel';
import { processConfig, readConfig } from '@equipmgnt/runtime';
import { halPage, halResource } from './hal.ts';
import { pageQuery } from './paging.ts';
import { createService } from './service.ts';

const thing = z.strictObject({ name: z.json() });
const listThings = pageQuery(['id'], {});

const thingResource = (request: FastifyRequest, { id }: { id: number }) =>
  halResource(request, 'thing', 'things', { id });

@Controller('things')
class ThingsController {
  @Get()
  list(@Query({ schema: listThings }) wanted: PageRequest, @Req() request: FastifyRequest) {
    return halPage(request, 'things', wanted, { items: [{ id: 1 }], total: 100 }, thingResource);
  }

  @Get(':id')
  one(@Param('id') id: string, @Req() request: FastifyRequest) {
    return thingResource(request, { id: Number(id) });
  }

  @Post()
  add(@Body({ schema: thing }) { name }: z.infer<typeof thing>) {
    return { name };
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const start = async (env: Record<string, string> = {}): Promise<NestFastifyApplication> => {
  const config = readConfig(processConfig, {
    ...testProcessEnv,
    CONNECTION_DRAIN_MS: '0',
    ...env,
  });
  const app = await createService({ name: 'things', config, module: ThingsModule });
  await app.listen(0, '127.0.0.1');
  return app;
};

const hrefOf = async (url: string, headers: Record<string, string>, path = '/things/1') =>
  (await request(url).get(path).set(headers).expect(200)).body._links.self.href;

describe('A service', () => {
  let app: NestFastifyApplication;
  let url: string;

  beforeAll(async () => {
    app = await start();
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  it.each([
    ['application/hal+json', 'application/hal+json'],
    ['application/hal+json, application/json, */*', 'application/hal+json'],
    ['application/json, application/hal+json;q=0.9', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['text/html', 'application/json; charset=utf-8'],
  ])('answers Accept: %s with %s', async (accept, type) => {
    for (const path of ['/things', '/things/1']) {
      const { headers } = await request(url).get(path).set({ accept }).expect(200);
      expect(headers).toMatchObject({ 'content-type': type, vary: 'Accept' });
    }
  });

  it('answers a problem as problem+json whatever the client accepts', async () => {
    const accept = 'application/hal+json';
    await request(url)
      .get('/things?page=x')
      .set({ accept })
      .expect(400)
      .expect('content-type', /^application\/problem\+json/);
  });

  it.each(['/things', '/things/1', '/actuator/health', '/nothing'])(
    'forbids caches to store %s',
    async (path) => {
      expect((await request(url).get(path)).headers['cache-control']).toBe('no-store');
    },
  );

  it.each(['/things', '/things/1'])('answers 304 for an unchanged %s', async (path) => {
    const { etag } = (await request(url).get(path).expect(200)).headers as { etag: string };
    expect(etag).toMatch(/^W\/"[\w-]+"$/);
    for (const known of [etag, `"other", ${etag}`, etag.slice('W/'.length), '*']) {
      const { headers, text } = await request(url)
        .get(path)
        .set('if-none-match', known)
        .expect(304);
      expect([headers['etag'], text]).toEqual([etag, '']);
      await request(url).head(path).set('if-none-match', known).expect(304);
    }
    await request(url).get(path).set('if-none-match', '"other"').expect(200);
  });

  it('ignores If-None-Match in a POST and in a refused request', async () => {
    await request(url).post('/things').set('if-none-match', '*').send({ name: 'a' }).expect(201);
    await request(url).get('/things?page=x').set('if-none-match', '*').expect(400);
  });

  it.each(['/things', '/things/1', '/actuator/health', '/actuator/info', '/actuator/prometheus'])(
    'answers HEAD %s like GET, without a body',
    async (path) => {
      const get = await request(url).get(path).expect(200);
      const head = await request(url).head(path).expect(200);
      expect(head.headers['content-type']).toBe(get.headers['content-type']);
      expect(head.text ?? '').toBe('');
    },
  );

  it.each([
    ['/things/', '/things'],
    ['/things/?page=1', '/things?page=1'],
    ['/things/1/', '/things/1'],
  ])('answers %s like %s', async (path, canonical) => {
    const { body } = await request(url).get(path).expect(200);
    expect(body).toEqual((await request(url).get(canonical)).body);
    await request(url).delete(path).expect(405);
  });

  it.each(['_=1732600000', 'utm_source=mail&utm_campaign=x', 'fbclid=a', 'gclid=a&page=0'])(
    'ignores the parameter that a tool adds to links: %s',
    (query) => request(url).get(`/things?${query}`).expect(200),
  );

  it.each(['pag=1', 'Page=1', 'sizes=1'])('refuses %s', async (query) => {
    const { body } = await request(url).get(`/things?${query}`).expect(400);
    expect(body.errors).toEqual([
      { in: 'query', pointer: `#/${query.split('=')[0]}`, detail: 'unknown field' },
    ]);
  });

  describe('reads a body', () => {
    const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
      fetch(`${url}/things`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      });
    const refusal = async (answer: Response) => {
      const body = (await answer.json()) as { type: string; detail: string };
      return [answer.status, body.type.split(':').at(-1), body.detail];
    };

    it.each(['application/json', 'Application/JSON;charset=UTF-8', 'application/merge-patch+json'])(
      'of type %s, in UTF-8',
      async (type) => {
        const name = '장비 \u{1f528}';
        const answer = await post(JSON.stringify({ name }), { 'content-type': type });
        expect(await answer.json()).toEqual({ name });
      },
    );

    it('with a byte order mark', async () => {
      expect(await (await post('\uFEFF{"name":"a"}')).json()).toEqual({ name: 'a' });
    });

    it.each([
      ['EUC-KR', Buffer.from([0xc0, 0xe5, 0xba, 0xf1])],
      ['Latin-1', Buffer.from('café', 'latin1')],
      ['a cut character', Buffer.from('장').subarray(0, 2)],
    ])('and refuses bytes that are not UTF-8: %s', async (_, bytes) => {
      const body = Buffer.concat([Buffer.from('{"name":"'), bytes, Buffer.from('"}')]);
      expect(await refusal(await post(body))).toEqual([
        400,
        'malformed-json',
        'The body is not valid UTF-8.',
      ]);
    });

    it.each([
      ['{"name":"\\ud800"}'],
      ['{"name":"\\uDC00a"}'],
      ['{"name":[{"a":"\\ud83d"}]}'],
      ['{"\\ud83d":1}'],
    ])('and refuses half of a surrogate pair: %s', async (body) => {
      expect(await refusal(await post(body))).toEqual([
        400,
        'malformed-json',
        expect.stringContaining('surrogate'),
      ]);
    });

    it.each([['{"name":"\\ud83d\\udd28"}'], ['{"name":"\\\\ud800"}']])(
      'and accepts %s',
      async (body) => {
        expect(await (await post(body)).json()).toEqual(JSON.parse(body));
      },
    );

    it.each([
      ['arrays', '['.repeat(32_000) + ']'.repeat(32_000)],
      ['arrays without an end', '['.repeat(65_000)],
      ['a member', `{"name":${'['.repeat(32_000)}${']'.repeat(32_000)}}`],
      ['objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ])('and refuses deeply nested %s', async (_, body) => {
      expect(await refusal(await post(body))).toEqual([400, 'malformed-json', expect.anything()]);
    });

    it.each(['gzip', 'br', 'x-unknown'])('and refuses Content-Encoding: %s', async (encoding) => {
      const answer = await post('{"name":"a"}', { 'content-encoding': encoding });
      expect(answer.headers.get('accept-encoding')).toBe('identity');
      expect(await refusal(answer)).toEqual([
        415,
        'unsupported-media-type',
        expect.stringContaining('Content-Encoding'),
      ]);
    });

    it('with Content-Encoding: identity', async () => {
      expect((await post('{"name":"a"}', { 'content-encoding': 'identity' })).status).toBe(201);
    });
  });

  it('keeps the connection of an HTTP/1.0 client that asks for it', async () => {
    const one = 'GET /things/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
    const answers = await rawAnswer(url, one + one.replace('keep-alive', 'close'));
    expect(answers.match(/HTTP\/1.1 200/g)).toHaveLength(2);
    expect(answers.match(/^connection: keep-alive/im)).not.toBeNull();
  });

  describe('in its links', () => {
    it.each([
      ['host', 'localhost:8080', 'http://localhost:8080/things/1'],
      ['host', '127.0.0.1:1', 'http://127.0.0.1:1/things/1'],
      ['host', '[::1]:8080', 'http://[::1]:8080/things/1'],
      ['x-forwarded-host', 'localhost:81', 'http://localhost:81/things/1'],
    ])('uses a name of this machine: %s: %s', async (header, value, href) => {
      expect(await hrefOf(url, { [header]: value })).toBe(href);
    });

    it.each(['host', 'x-forwarded-host'])(
      'leaves out the host when %s is not allowed',
      async (header) => {
        for (const host of [
          'evil.example',
          'localhost.evil.example',
          '6.6.6.6',
          'evil.example:80',
        ]) {
          expect(await hrefOf(url, { [header]: host })).toBe('/things/1');
          const { body } = await request(url)
            .get('/things?page=1')
            .set({ [header]: host });
          expect(JSON.stringify(body)).not.toContain(host);
          expect(body._links.next.href).toBe('/things?page=2&size=20');
        }
      },
    );

    it('uses the prefix of a trusted proxy', async () => {
      const headers = { host: 'localhost', 'x-forwarded-prefix': '/api, /v1/' };
      expect(await hrefOf(url, headers)).toBe('http://localhost/api/v1/things/1');
      expect(await hrefOf(url, headers, '/things?page=1')).toBe(
        'http://localhost/api/v1/things?page=1',
      );
    });

    it.each(['//evil.example', 'api', '/a b', '/../x', '/a?b', '/a#b', String.raw`/\evil.example`])(
      'refuses the prefix %s',
      async (prefix) => {
        const { body } = await request(url)
          .get('/things/1')
          .set('x-forwarded-prefix', prefix)
          .expect(400);
        expect(body.type).toBe('urn:equipmgnt:problem:bad-host');
      },
    );
  });
});

describe('A service with another configuration', () => {
  let app: NestFastifyApplication;
  const url = async (env: Record<string, string>) => {
    app = await start(env);
    return app.getUrl();
  };
  afterEach(() => app.close());

  it('uses allowed hosts in its links', async () => {
    const at = await url({ ALLOWED_HOSTS: 'rental.example, [fd00::1]' });
    expect(await hrefOf(at, { host: 'Rental.example' })).toBe('http://Rental.example/things/1');
    expect(await hrefOf(at, { host: '[fd00::1]:81' })).toBe('http://[fd00::1]:81/things/1');
    expect(
      await hrefOf(at, {
        'x-forwarded-host': 'x, rental.example:81',
        'x-forwarded-proto': 'https',
      }),
    ).toBe('https://rental.example:81/things/1');
    expect(await hrefOf(at, { host: 'a.rental.example' })).toBe('/things/1');
  });

  it.each(['https://rental.example/api', 'https://rental.example/api/'])(
    'starts every link with PUBLIC_URL %s',
    async (publicUrl) => {
      const at = await url({ PUBLIC_URL: publicUrl });
      const headers = { host: 'localhost', 'x-forwarded-prefix': '/x' };
      expect(await hrefOf(at, headers)).toBe('https://rental.example/api/things/1');
      expect(await hrefOf(at, headers, '/things')).toBe('https://rental.example/api/things');
    },
  );

  it('ignores the headers of a client that is no trusted proxy', async () => {
    const at = await url({ TRUSTED_PROXIES: '192.0.2.1' });
    const headers = {
      host: 'localhost',
      'x-forwarded-host': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '//evil.example',
    };
    expect(await hrefOf(at, headers)).toBe('http://localhost/things/1');
  });
});

describe('A client with keep-alive', () => {
  it('sends many requests on one connection', async () => {
    const app = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const { hostname, port } = new URL(await app.getUrl());
      const sockets = new Set<unknown>();
      for (let i = 0; i < 3; i += 1) {
        const sent = httpRequest({ hostname, port, path: '/things/1', agent }).end();
        const [answer] = (await once(sent, 'response')) as [IncomingMessage];
        sockets.add(answer.socket);
        await once(answer.resume(), 'end');
      }
      expect(sockets.size).toBe(1);
    } finally {
      agent.destroy();
      await app.close();
    }
  });
});
