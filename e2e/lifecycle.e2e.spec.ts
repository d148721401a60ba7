import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { REPOSITORY } from '@equipmgnt/testing';
import { Api, eventually, runSuite, SuiteClient } from '@equipmgnt/testing/jest';
import { Client } from 'undici';

describe('A service', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;

  beforeAll(async () => {
    running = await runSuite({
      env: { approval: { APPROVAL_DELAY_MS: '700' }, order: { APPROVAL_TIMEOUT_MS: '5000' } },
    });
  });
  afterAll(() => running.stop());

  it('does not start with invalid variables, and prints a line for each', async () => {
    const child = spawn(process.execPath, ['services/order/dist/main.js'], {
      cwd: REPOSITORY,
      env: {
        PORT: 'eighty',
        DATABASE_URL: 'mysql://order:secret@host/order',
        APPROVAL_URL: 'approval',
      },
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    const code = await new Promise((ended) => child.on('close', ended));
    expect(code).toBe(1);
    expect(said.trim().split('\n')).toEqual([
      'order cannot start:',
      'PORT: expected a whole number from 0 to 65535, got "eighty"',
      'DATABASE_URL: expected an address such as postgres://host:1234',
      'KAFKA_BROKERS: expected host:port[,host:port] such as kafka-0:9092,kafka-1:9092, it is not set',
      'APPROVAL_URL: expected an address such as http://host:1234',
    ]);
  });

  it('stops immediately on SIGTERM while it waits for its database', async () => {
    const child = spawn(process.execPath, ['services/order/dist/main.js'], {
      cwd: REPOSITORY,
      env: {
        DATABASE_URL: 'postgres://order@127.0.0.1:1/order',
        KAFKA_BROKERS: '127.0.0.1:1',
        APPROVAL_URL: 'http://127.0.0.1:1',
      },
    });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    await eventually(async () => expect(said).toContain('database is unavailable'));
    child.kill('SIGTERM');
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
  });

  it('finishes requests in flight on SIGTERM, and logs that', async () => {
    const client = new SuiteClient(running.api, running.connections);
    const equipmentId = await client.register(10);
    const [order] = running.suite.order;
    const direct = new Api(order.url);
    const inFlight = direct.post('/orders', { qty: 1, equipmentId }); // approval takes 700 ms
    await eventually(async () =>
      expect((await direct.get('/orders')).body.page.totalElements).toBe(1),
    );
    const stopped = order.stop();
    expect(await inFlight).toMatchObject({ status: 201, body: { status: 'APPROVED' } });
    expect(await stopped).toBe('stopped');
    const said = order.lines.slice(-2).map((line) => JSON.parse(line).msg);
    expect(said).toEqual(['SIGTERM: finishing requests and messages in flight', 'stopped']);
    await order.start();
    await client.waitUntilConsistent();
  });

  it('answers one more request on each keep-alive connection after SIGTERM', async () => {
    const { equipment } = await running.start({
      services: { equipment: 1 },
      env: { equipment: { CONNECTION_DRAIN_MS: '60000' } }, // longer than the time limit for the stop
    });
    const client = new Client(equipment[0].url);
    const get = async (path: string) => {
      const { statusCode, headers, body } = await client.request({ method: 'GET', path });
      await body.dump();
      return { status: statusCode, connection: headers['connection'] };
    };
    expect(await get('/equipments')).toEqual({ status: 200, connection: 'keep-alive' });
    const stopped = equipment[0].stop();
    await eventually(async () => {
      const said = equipment[0].lines.map((line) => JSON.parse(line).msg);
      expect(said).toContain('SIGTERM: finishing requests and messages in flight');
    });
    expect(await get('/equipments')).toEqual({ status: 200, connection: 'close' });
    expect(await stopped).toBe('stopped');
    // it has not waited for other clients
    expect(equipment[0].lines.map((line) => JSON.parse(line).msg).at(-1)).toBe('stopped');
    await client.close();
  });

  it('stays alive and ready while the broker refuses its consumer, and says why', async () => {
    const { approval } = await running.start({
      services: { approval: 1 },
      env: { approval: { KAFKA_SESSION_TIMEOUT_MS: '30' } }, // the broker rejects such a short timeout
    });
    const api = new Api(approval[0].url);
    await eventually(async () => {
      const { status, body } = await api.get('/actuator/health/liveness');
      expect(status).toBe(200); // a restart would not help
      expect(body).toMatchObject({
        status: 'UP',
        components: {
          consumer: {
            status: 'UP',
            details: {
              state: 'waiting for brokers',
              error: expect.stringContaining('session timeout'),
            },
          },
        },
      });
    });
    expect((await api.get('/actuator/health/readiness')).status).toBe(200);
    await approval[0].stop();
  });

  it('answers 503 immediately when it is overloaded, and stores nothing', async () => {
    const { order } = await running.start({
      services: { order: 1 },
      env: {
        order: {
          APPROVAL_URL: running.suite.approval[0].url,
          MAX_IN_FLIGHT: '5',
          APPROVAL_TIMEOUT_MS: '2000',
        },
      },
    });
    const api = new Api(order[0].url);
    const count = async () => (await running.api.get('/orders')).body.page.totalElements as number;
    const before = await count();
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => api.post('/orders', { qty: 1, equipmentId: 1 })),
    );
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    for (const { body, headers } of refused) {
      expect(body.type).toBe('urn:equipmgnt:problem:overloaded');
      expect(headers.get('retry-after')).toBe('2');
    }
    expect(await count()).toBe(before + answers.length - refused.length);
    expect((await api.get('/actuator/health')).status).toBe(200);
    await order[0].stop();
  });

  it.each(['order', 'approval', 'equipment', 'mis', 'gateway'] as const)(
    'has health, metrics and version at the usual actuator paths: %s',
    async (name) => {
      const [{ url, managementUrl }] = running.suite.of(name);
      const api = new Api(managementUrl);
      for (const probe of ['health', 'health/liveness', 'health/readiness']) {
        expect(await api.get(`/actuator/${probe}`)).toMatchObject({
          status: 200,
          body: { status: 'UP', components: expect.anything() },
        });
        expect((await new Api(url).get(`/actuator/${probe}`)).body.status).toBe('UP');
      }
      expect((await api.get('/actuator/info')).body).toMatchObject({ app: { name } });
      const metrics = await (await fetch(`${api.url}/actuator/prometheus`)).text();
      expect(metrics).toContain('http_server_requests_seconds_bucket');
      expect(metrics).toContain('process_cpu_seconds_total');
    },
  );
});
