import pg from 'pg';
import { eventually, runSuite } from '@equipmgnt/testing/jest';

describe('After its database was restored from an older backup', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;

  beforeAll(async () => {
    running = await runSuite();
  });

  afterAll(() => running.stop());

  const administrate = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: process.env['POSTGRES_URL'] as string });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const NAMES = ['order', 'approval', 'equipment'] as const;
  const databaseOf = (name: (typeof NAMES)[number]) =>
    new URL(running.connections.databases[name]).pathname.slice(1);
  const services = () => NAMES.map((name) => running.suite.of(name)[0]);

  it('gives no id twice', async () => {
    const { api } = running;
    const place = async () => {
      const { body } = await api.post('/equipments', { stock: 10 });
      const order = (await api.post('/orders', { qty: 1, equipmentId: body.id })).body;
      return { equipment: body.id, order: order.id, approval: order.approvalId };
    };
    const settled = async (order: number) =>
      eventually(async () =>
        expect((await api.get(`/mis/${order}`)).body.timeline).toContainEqual(
          expect.objectContaining({ event: 'StockDecreased' }),
        ),
      );
    await settled((await place()).order);

    await Promise.all(services().map((service) => service.stop()));
    for (const name of NAMES)
      await administrate(`CREATE DATABASE backup_${databaseOf(name)} TEMPLATE ${databaseOf(name)}`);
    await Promise.all(services().map((service) => service.start()));
    const lost = [await place(), await place(), await place()];
    for (const { order } of lost) await settled(order);

    await Promise.all(services().map((service) => service.stop()));
    for (const name of NAMES) {
      const database = databaseOf(name);
      await administrate(`DROP DATABASE ${database}`);
      await administrate(`ALTER DATABASE backup_${database} RENAME TO ${database}`);
      await administrate(`ALTER DATABASE ${database} OWNER TO ${database}`);
    }
    await Promise.all(services().map((service) => service.start()));
    const placed = await place();
    for (const kind of ['order', 'approval', 'equipment'] as const) {
      const before = lost.map((it) => it[kind]);
      expect(placed[kind]).toBeGreaterThan(Math.max(...before));
    }
    await settled(placed.order);
  });
});
