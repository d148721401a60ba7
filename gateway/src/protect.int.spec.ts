import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createService } from '@equipmgnt/http';
import { readConfig } from '@equipmgnt/runtime';
import { Api, TestIssuer, testProcessEnv } from '@equipmgnt/testing/jest';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { gatewayConfig } from './gateway.config.ts';
import { protect } from './protect.ts';
import { proxy } from './proxy.ts';
import { routesOf } from './routes.ts';

@Module({})
class GatewayModule {}

const PAGE = 'https://pages.example';

describe('The edge of the gateway', () => {
  let service: Server;
  let app: NestFastifyApplication | undefined;
  let issuer: TestIssuer;

  const start = async (environment: Record<string, string> = {}): Promise<Api> => {
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const config = readConfig(gatewayConfig, {
      ...testProcessEnv,
      CONNECTION_DRAIN_MS: '0',
      ORDER_URL: url,
      APPROVAL_URL: url,
      EQUIPMENT_URL: url,
      MIS_URL: url,
      ...environment,
    });
    const limits = { timeoutMs: 10_000, maxInFlight: 10 };
    app = await createService({
      name: 'gateway',
      config,
      module: GatewayModule,
      protect: (server) => protect(server, config),
      prepare: async (created) => {
        for (const route of routesOf(config)) await created.register(proxy(route, limits));
      },
    });
    await app.listen(0, '127.0.0.1');
    return new Api(await app.getUrl());
  };

  beforeAll(async () => {
    service = createServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{}');
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    issuer = await TestIssuer.start();
  });
  afterEach(() => app?.close());
  afterAll(async () => {
    service.closeAllConnections();
    service.close();
    await issuer.stop();
  });

  it('makes browsers load nothing, and show no answer in a frame', async () => {
    const api = await start({ AUTH: 'required', ...issuer.environment });
    const { status, headers } = await api.get('/orders');
    expect(status).toBe(401); // also on what the gateway refuses
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none';frame-ancestors 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toBe('max-age=15552000');
  });

  describe('for web pages of other origins', () => {
    const preflight = (api: Api, origin: string) =>
      fetch(`${api.url}/orders`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });

    it('allows nothing by default', async () => {
      const answer = await preflight(await start(), PAGE);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    });

    it('allows what the configuration names, also where sign-in is required', async () => {
      const api = await start({ CORS_ORIGINS: PAGE, AUTH: 'required', ...issuer.environment });
      const allowed = await preflight(api, PAGE);
      expect(allowed.status).toBe(204);
      expect(allowed.headers.get('access-control-allow-origin')).toBe(PAGE);
      const other = await preflight(api, 'https://other.example');
      expect(other.headers.get('access-control-allow-origin')).not.toBe('https://other.example');
      expect((await api.get('/orders', { origin: PAGE })).status).toBe(401);
    });
  });

  describe('with a limit of requests', () => {
    const LIMIT = { RATE_LIMIT_PER_MINUTE: '3' };

    it('refuses the fourth request in a minute, and says when to try again', async () => {
      const api = await start(LIMIT);
      for (const remaining of ['2', '1', '0']) {
        const { status, headers } = await api.get('/orders');
        expect([status, headers.get('ratelimit-remaining')]).toEqual([200, remaining]);
      }
      const { status, body, headers } = await api.get('/mis');
      expect(status).toBe(429);
      expect(body).toMatchObject({ type: 'urn:equipmgnt:problem:too-many-requests', status: 429 });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await api.get('/actuator/health')).status).toBe(200);
    });

    it('counts each requester by itself, at whatever address', async () => {
      const api = await start({ ...LIMIT, ...issuer.environment });
      const get = async (sub: string) =>
        (await api.get('/orders', await issuer.bearer({ sub }))).status;
      expect(await Promise.all(Array.from({ length: 3 }, () => get('employee-1')))).toEqual([
        200, 200, 200,
      ]);
      expect(await get('employee-1')).toBe(429);
      expect(await get('employee-2')).toBe(200);
      expect((await api.get('/orders')).status).toBe(200);
    });
  });

  it('has no limit by default', async () => {
    const api = await start();
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.get('/orders')));
    expect(answers.some(({ status }) => status === 429)).toBe(false);
    expect(answers[0]?.headers.get('ratelimit-limit')).toBeNull();
  });

  it.each(['pages.example', 'https://pages.example/', '*'])(
    'refuses CORS_ORIGINS=%s',
    async (value) => {
      await expect(start({ CORS_ORIGINS: value })).rejects.toThrow(
        /^CORS_ORIGINS: expected origins/,
      );
    },
  );
});
