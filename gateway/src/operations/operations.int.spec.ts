import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createService } from '@equipmgnt/http';
import { Health, readConfig } from '@equipmgnt/runtime';
import { eventually, testProcessEnv, TestIssuer } from '@equipmgnt/testing/jest';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { gatewayConfig } from '../gateway.config.ts';
import { serveReference } from '../reference.ts';
import { routesOf } from '../routes.ts';
import { serveOperations } from './serve-operations.ts';
import type { ServiceState, SuiteState } from './suite-state.ts';

@Module({})
class GatewayModule {}

/** An actuator whose answers a test sets. */
class Actuator {
  health: { status: string; components: object } = { status: 'UP', components: {} };
  metrics = '';
  private readonly server: Server = createServer(({ url }, response) => {
    const isHealth = url === '/actuator/health';
    response.statusCode = isHealth && this.health.status !== 'UP' ? 503 : 200;
    response.end(isHealth ? JSON.stringify(this.health) : this.metrics);
  });

  async start(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const metricsOf = (instance: string, more: string): string =>
  `service_info{name="x",version="1",instance="${instance}"} 1\n${more}`;

describe('The operators page', () => {
  const order = new Actuator();
  const mis = new Actuator();
  let app: NestFastifyApplication;
  let issuer: TestIssuer;
  let url: string;
  let asOperator: Record<string, string>;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const nobody = 'http://127.0.0.1:9';
    const config = readConfig(gatewayConfig, {
      ...testProcessEnv,
      ...issuer.environment,
      AUTH: 'required',
      CONNECTION_DRAIN_MS: '0',
      ORDER_URL: await order.start(),
      APPROVAL_URL: nobody,
      EQUIPMENT_URL: nobody,
      MIS_URL: await mis.start(),
    });
    app = await createService({
      name: 'gateway',
      config,
      module: GatewayModule,
      prepare: async (created) => {
        const server = created.getHttpAdapter().getInstance();
        await serveReference(server);
        await serveOperations(server, routesOf(config), created.get(Health));
      },
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    asOperator = { authorization: `Bearer ${await issuer.token({ roles: ['operator'] })}` };
  });

  afterAll(async () => {
    await app.close();
    await issuer.stop();
    order.stop();
    mis.stop();
  });

  const state = async (): Promise<SuiteState> =>
    (await (await fetch(`${url}/ops/state`, { headers: asOperator })).json()) as SuiteState;
  const of = (suite: SuiteState, name: string) =>
    suite.services.find(({ service }) => service === name) as ServiceState;

  it('is a page that loads only its own files, without sign-in', async () => {
    const answer = await fetch(`${url}/ops/`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
    const page = await answer.text();
    expect(page).not.toMatch(/<script>|style=| on\w+=/);
    for (const file of ['ops.js', 'ops.css']) {
      expect(page).toContain(`"${file}"`);
      expect((await fetch(`${url}/ops/${file}`)).status).toBe(200);
    }
    const moved = await fetch(`${url}/ops`, { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([308, `${url}/ops/`]);
  });

  it.each(['state', 'events'])('shows /ops/%s to operators only', async (path) => {
    const asManager = { authorization: `Bearer ${await issuer.token({ roles: ['manager'] })}` };
    expect((await fetch(`${url}/ops/${path}`)).status).toBe(401);
    expect((await fetch(`${url}/ops/${path}`, { headers: asManager })).status).toBe(403);
  });

  it('shows what the services say about themselves', async () => {
    order.health = {
      status: 'DOWN',
      components: {
        db: { status: 'DOWN', details: { error: 'no route to host' } },
        consumer: { status: 'UP' },
      },
    };
    order.metrics = metricsOf(
      'order-1',
      `approval_breaker_open 1
consumer_lag{topic="equipmgnt.approval",partition="0"} 5
consumer_lag{topic="equipmgnt.approval",partition="1"} 2
outbox_rows 7
outbox_waiting_seconds 12.5
messages_dead_lettered_total{topic="equipmgnt.approval",code="BAD_DATA"} 2
messages_dead_lettered_total{topic="equipmgnt.approval",code="NO_TYPE"} 0
`,
    );
    mis.metrics = metricsOf('mis-1', 'orders{status="APPROVED"} 3\norders{status="ORDERED"} 1\n');
    const suite = await eventually(async () => {
      const latest = await state();
      expect(of(latest, 'order').lag).toBe(7);
      return latest;
    });
    expect(of(suite, 'order')).toMatchObject({
      health: 'DOWN',
      problems: ['db is DOWN: no route to host'],
      replicas: 1,
      outbox: { waiting: 7, oldest: 12.5, parked: 0 },
      deadLetters: [{ topic: 'equipmgnt.approval', code: 'BAD_DATA', count: 2 }],
    });
    expect(of(suite, 'approval')).toMatchObject({ health: 'unreachable', replicas: 0 });
    expect(suite).toMatchObject({ breaker: 'open', orders: { APPROVED: 3, ORDERED: 1 } });
  });

  it('adds the replicas up that answer in turn, and measures rates for each', async () => {
    /** @param rows by which an event shows the answer it comes from; the largest of the replicas counts */
    const metricsWith = (instance: string, rows: number, count: number) =>
      metricsOf(
        instance,
        `outbox_rows ${rows}
http_server_requests_seconds_count{method="GET",uri="/mis",status="200"} ${count}
`,
      );
    const events = await fetch(`${url}/ops/events`, { headers: asOperator });
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<ServiceState> => {
      let text = '';
      while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
      return of(JSON.parse(/^data: (.*)$/m.exec(text)![1]!), 'mis');
    };
    const shows = async (rows: number): Promise<ServiceState> => {
      const latest = await next();
      return latest.outbox.waiting === rows ? latest : shows(rows);
    };
    mis.metrics = metricsWith('mis-a', 1, 1_000);
    expect((await shows(1)).requests).toBe(0);
    mis.metrics = metricsWith('mis-b', 2, 5);
    expect((await shows(2)).requests).toBe(0);
    mis.metrics = metricsWith('mis-a', 3, 1_100);
    const { requests, replicas } = await shows(3);
    expect(requests).toBeGreaterThan(0);
    expect(requests).toBeLessThan(100);
    expect(replicas).toBeGreaterThanOrEqual(2);
    await reader.cancel();
  });
});
