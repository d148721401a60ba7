import { createService } from '@equipmgnt/http';
import { readConfig } from '@equipmgnt/runtime';
import { testProcessEnv, TestIssuer } from '@equipmgnt/testing/jest';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { gatewayConfig } from './gateway.config.ts';
import { serveAsyncApi } from './openapi.ts';
import { protect } from './protect.ts';
import { serveReference } from './reference.ts';

@Module({})
class GatewayModule {}

describe('The API reference', () => {
  let app: NestFastifyApplication;
  let issuer: TestIssuer;
  let url: string;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const nobody = 'http://127.0.0.1:9';
    const config = readConfig(gatewayConfig, {
      ...testProcessEnv,
      ...issuer.environment,
      AUTH: 'required',
      CONNECTION_DRAIN_MS: '0',
      ORDER_URL: nobody,
      APPROVAL_URL: nobody,
      EQUIPMENT_URL: nobody,
      MIS_URL: nobody,
    });
    app = await createService({
      name: 'gateway',
      config,
      module: GatewayModule,
      protect: (server) => protect(server, config),
      prepare: async (created) => {
        const server = created.getHttpAdapter().getInstance();
        serveAsyncApi(server);
        await serveReference(server);
      },
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await issuer.stop();
  });

  const read = async (path: string) => {
    const answer = await fetch(url + path, { redirect: 'manual' });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };

  it('is a page that loads only files of this server, without sign-in', async () => {
    const { status, headers, text } = await read('/docs/');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/https?:|script-src[^;]*unsafe/);
    const loaded = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => String(path));
    expect(loaded.length).toBeGreaterThan(2);
    for (const path of loaded) {
      const file = await read(`/docs/${path}`);
      expect([path, file.status]).toEqual([path, 200]);
      expect(file.text).not.toBe('');
    }
  });

  it('is found without the slash', async () => {
    const { status, headers } = await read('/docs');
    expect([status, headers.get('location')]).toEqual([308, `${url}/docs/`]);
  });

  it('reads the document of this gateway and sends it to nobody', async () => {
    const { text } = await read('/docs/start.js');
    expect(text).toContain("url: '../openapi.json'");
    expect(text).toContain('validatorUrl: null');
  });

  it('shows each event with its fields', async () => {
    const { status, text } = await read('/docs/events');
    expect(status).toBe(200);
    const document = JSON.parse((await read('/asyncapi.json')).text);
    for (const { name, payload } of Object.values<any>(document.components.messages)) {
      expect(text).toContain(name);
      for (const field of Object.keys(payload.properties)) {
        expect(text).toContain(`<code>${field}</code>`);
      }
    }
  });

  it.each(['/docs/index.js', '/docs/package.json', '/docs/..%2fpackage.json', '/docs/x/../../x'])(
    'does not serve %s',
    async (path) => {
      expect([400, 404]).toContain((await read(path)).status);
    },
  );
});
