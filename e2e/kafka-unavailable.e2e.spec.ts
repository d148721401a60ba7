import { Api, eventually, runSuite, SuiteClient } from '@equipmgnt/testing/jest';

describe('While Kafka is unavailable', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let client: SuiteClient;

  beforeAll(async () => {
    running = await runSuite({ env: { order: { APPROVAL_TIMEOUT_MS: '5000' } } });
    client = new SuiteClient(running.api, running.connections);
  });
  afterAll(() => running.stop());

  it('approves orders, and changes the stock when Kafka is back', async () => {
    const equipmentId = await client.register(100);
    const { id: first } = await client.order(equipmentId);
    await eventually(async () => expect(await client.stockOf(equipmentId)).toBe(99));

    await running.kafka.kill();
    const orders = await Promise.all(Array.from({ length: 20 }, () => client.order(equipmentId)));
    expect(orders.map(({ status }) => status)).toEqual(orders.map(() => 201));
    await running.api.patch(`/orders/${first}`, { status: 'CANCELLED' });
    expect(await client.stockOf(equipmentId)).toBe(99);
    for (const { url, name } of running.suite.processes) {
      const { status } = await new Api(url).get('/actuator/health');
      expect({ name, status }).toEqual({ name, status: 200 }); // ready, and alive
    }

    await running.kafka.start();
    await eventually(async () => expect(await client.stockOf(equipmentId)).toBe(80), 60_000);
    await client.waitUntilConsistent();
  });

  it('registers equipment even without the other services, and shows it in the view later', async () => {
    const { gateway, order, approval, mis } = running.suite;
    await Promise.all([order, approval, mis].map(([process]) => process.stop()));
    await running.kafka.kill();
    const { status, body } = await running.api.post('/equipments', { stock: 5, name: 'Ladder' });
    expect(status).toBe(201);
    await Promise.all([
      running.kafka.start(),
      order[0].start(),
      approval[0].start(),
      mis[0].start(),
    ]);
    const ordered = await new Api(gateway[0].url).post('/orders', { qty: 1, equipmentId: body.id });
    await eventually(async () => {
      const { body: view } = await running.api.get(`/mis/${ordered.body.id}`);
      expect(view.equipmentName).toBe('Ladder');
    }, 60_000);
  });

  it('starts a service, which answers requests and publishes its events later', async () => {
    await running.kafka.stop();
    await running.suite.order[0].stop();
    await running.suite.order[0].start();
    const equipmentId = await client.register(10);
    expect((await client.order(equipmentId)).status).toBe(201);
    await running.kafka.start();
    await eventually(async () => expect(await client.stockOf(equipmentId)).toBe(9), 60_000);
  });
});
