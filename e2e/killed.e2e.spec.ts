import { eventually, runSuite, SuiteClient } from '@equipmgnt/testing/jest';

describe('When every process is killed once with SIGKILL under load', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let client: SuiteClient;

  beforeAll(async () => {
    running = await runSuite();
    client = new SuiteClient(running.api, running.connections);
  });
  afterAll(() => running.stop());

  it('loses and duplicates no acknowledged order, and stays consistent', async () => {
    const equipmentId = await client.register(100_000);
    const acknowledged = new Map<number, { cancelled: boolean }>();
    let stop = false;
    let unknown = 0;
    const unexpected: number[] = [];

    const placeOrders = async (name: number) => {
      for (let i = 0; !stop; i += 1) {
        const key = `killed-${name}-${i}`;
        // the request is repeated with the same key until there is an answer
        for (;;) {
          try {
            const { status, body } = await running.api.post(
              '/orders',
              { qty: 1, equipmentId },
              { 'idempotency-key': key },
            );
            if (status === 201 || status === 202) {
              acknowledged.set(body.id, { cancelled: false });
              if (i % 3 === 0) {
                const { status: cancelled } = await running.api.patch(`/orders/${body.id}`, {
                  status: 'CANCELLED',
                });
                acknowledged.set(body.id, { cancelled: cancelled === 200 });
              }
              break;
            }
            if (status < 500) unexpected.push(status);
          } catch {
            unknown += 1; // the connection broke: the gateway was killed
          }
          await new Promise(setImmediate);
        }
      }
    };
    const placing = Array.from({ length: 4 }, (_, name) => placeOrders(name));

    for (const process of running.suite.processes) {
      const before = acknowledged.size;
      await eventually(() => acknowledged.size > before + 20);
      await process.kill();
      await process.start();
    }
    const before = acknowledged.size;
    await eventually(() => acknowledged.size > before + 20);
    stop = true;
    await Promise.all(placing);
    expect(unexpected).toEqual([]);
    expect(unknown).toBeGreaterThan(0); // or nothing was in flight

    await client.waitUntilConsistent(120_000);
    const orders = await running.api.all<{ id: number; status: string }>('orders');
    const statusOf = new Map(orders.map(({ id, status }) => [id, status]));
    for (const [id, { cancelled }] of acknowledged) {
      expect(['APPROVED', 'CANCELLED']).toContain(statusOf.get(id));
      if (cancelled) expect(statusOf.get(id)).toBe('CANCELLED');
    }
    // one order for each key: there is no order without an answer to a client
    expect(orders.length).toBe(acknowledged.size);
    const lent = orders.filter(({ status }) => status === 'APPROVED').length;
    expect(await client.stockOf(equipmentId)).toBe(100_000 - lent);
  });
});
