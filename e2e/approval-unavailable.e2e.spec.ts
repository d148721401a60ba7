import { freePorts, type Suite } from '@equipmgnt/testing';
import { Api, eventually, runSuite, SuiteClient } from '@equipmgnt/testing/jest';

const TIMEOUT_MS = 300;
const RESET_MS = 1_000;

describe('While approval is unavailable', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let client: SuiteClient;
  let port: number;
  let approval: Suite | undefined;

  const startApproval = async (env: Record<string, string> = {}) => {
    approval = await running.start({
      services: { approval: 1 },
      ports: { approval: [port] },
      env: { approval: env },
    });
  };
  const stopApproval = async () => {
    await approval?.stop();
    approval = undefined;
  };

  beforeAll(async () => {
    [port] = (await freePorts(1)) as [number];
    const url = { APPROVAL_URL: `http://127.0.0.1:${port}` };
    running = await runSuite({
      services: { gateway: 1, order: 1, equipment: 1, mis: 1 },
      env: {
        gateway: url,
        order: {
          ...url,
          APPROVAL_TIMEOUT_MS: String(TIMEOUT_MS),
          BREAKER_RESET_MS: String(RESET_MS),
          BREAKER_WINDOW_MS: '2000',
          BREAKER_VOLUME_THRESHOLD: '5',
        },
      },
    });
    client = new SuiteClient(running.api, running.connections);
  });

  beforeEach(() => startApproval());
  afterEach(async () => {
    await stopApproval();
    // the failures of this test must not affect the next one: the breaker has to close again
    await eventually(async () => expect(await breaker()).not.toBe('open'));
  });
  afterAll(() => running.stop());

  const breaker = async (): Promise<string> => {
    const { body } = await new Api(running.suite.order[0].url).get('/actuator/health/liveness');
    return body.components.approvalBreaker.details.state;
  };

  /** The number of orders without a request to approval because the breaker was open. */
  const fallbacksWhileOpen = async (): Promise<number> => {
    const metrics = await fetch(`${running.suite.order[0].url}/actuator/prometheus`);
    const [, count] =
      /^approval_fallbacks_total{cause="open"} (\d+)$/m.exec(await metrics.text()) ?? [];
    return Number(count ?? 0);
  };

  it('accepts orders, and approves them without another request when it is back', async () => {
    const equipmentId = await client.register(10);
    await stopApproval();
    const orders = [];
    for (let i = 0; i < 3; i += 1) orders.push(await client.order(equipmentId, 2));
    for (const { status, body } of orders) {
      expect(status).toBe(202);
      expect(body).toMatchObject({ status: 'ORDERED', qty: 2 });
    }
    expect(await client.stockOf(equipmentId)).toBe(10);

    await startApproval();
    for (const { id } of orders) {
      await eventually(async () => expect(await client.statusOf(id)).toBe('APPROVED'));
    }
    await eventually(async () => expect(await client.stockOf(equipmentId)).toBe(4));
    await client.waitUntilConsistent();
  });

  it('cancels an order, which is then never approved', async () => {
    const equipmentId = await client.register(10);
    await stopApproval();
    const { id } = await client.order(equipmentId);
    const cancelled = await running.api.patch(`/orders/${id}`, { status: 'CANCELLED' });
    expect(cancelled.status).toBe(200);
    const { id: next } = await client.order(equipmentId);
    await startApproval();
    await eventually(async () => expect(await client.statusOf(next)).toBe('APPROVED'));
    await client.waitUntilConsistent();
    expect(await client.statusOf(id)).toBe('CANCELLED');
    expect(await client.stockOf(equipmentId)).toBe(9);
  });

  it('opens the breaker when approval is slow, and closes it afterwards', async () => {
    const equipmentId = await client.register(1_000);
    await stopApproval();
    await startApproval({ APPROVAL_DELAY_MS: String(10 * TIMEOUT_MS) });

    const slow = await Promise.all(Array.from({ length: 10 }, () => client.order(equipmentId)));
    expect(slow.map(({ status }) => status)).toEqual(slow.map(() => 202));
    expect(await breaker()).not.toBe('closed');

    // with the breaker open, order calls approval only for an occasional trial
    const before = await fallbacksWhileOpen();
    const open = await Promise.all(Array.from({ length: 20 }, () => client.order(equipmentId)));
    expect(open.map(({ status }) => status)).toEqual(open.map(() => 202));
    expect((await fallbacksWhileOpen()) - before).toBeGreaterThanOrEqual(15);

    await stopApproval();
    await startApproval();
    await eventually(async () => {
      expect((await client.order(equipmentId)).status).toBe(201);
      expect(await breaker()).toBe('closed');
    });
    await client.waitUntilConsistent();
  });

  it('approves an order once when approval hangs and handles the request late', async () => {
    const equipmentId = await client.register(10);
    await approval?.approval[0].kill('SIGSTOP');
    const { status, id } = await client.order(equipmentId);
    expect(status).toBe(202);
    await approval?.approval[0].kill('SIGCONT'); // it now handles the request that order has aborted
    await eventually(async () => expect(await client.statusOf(id)).toBe('APPROVED'));
    await client.waitUntilConsistent();
    expect(await client.stockOf(equipmentId)).toBe(9);
  });
});
