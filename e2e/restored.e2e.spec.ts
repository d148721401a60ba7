import type { PublishingService } from '@equipmgnt/contracts';
import { eventually, runOps, runSuite, SuiteClient } from '@equipmgnt/testing/jest';
import pg from 'pg';

/** A resource of the API. */
type Resource = Record<string, unknown>;

describe('After its database was restored from an older backup', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let client: SuiteClient;

  beforeAll(async () => {
    running = await runSuite();
    client = new SuiteClient(running.api, running.connections);
  });

  afterAll(() => running.stop());

  const administrate = async (sql: string): Promise<void> => {
    const connection = new pg.Client({ connectionString: process.env['POSTGRES_URL'] as string });
    await connection.connect();
    try {
      await connection.query(sql);
    } finally {
      await connection.end();
    }
  };
  const NAMES = ['order', 'approval', 'equipment'] as const;
  const databaseOf = (name: PublishingService) =>
    new URL(running.connections.databases[name]).pathname.slice(1);
  const services = (names: readonly PublishingService[]) =>
    names.map((name) => running.suite.of(name)[0]);

  const stop = (names: readonly PublishingService[]) =>
    Promise.all(services(names).map((service) => service.stop()));
  const start = (names: readonly PublishingService[]) =>
    Promise.all(services(names).map((service) => service.start()));

  const backUp = async (names: readonly PublishingService[]) => {
    await stop(names);
    for (const name of names)
      await administrate(`CREATE DATABASE backup_${databaseOf(name)} TEMPLATE ${databaseOf(name)}`);
    await start(names);
  };

  /** Leaves the services stopped. */
  const restore = async (names: readonly PublishingService[]) => {
    await stop(names);
    for (const name of names) {
      const database = databaseOf(name);
      await administrate(`DROP DATABASE ${database}`);
      await administrate(`ALTER DATABASE backup_${database} RENAME TO ${database}`);
      await administrate(`ALTER DATABASE ${database} OWNER TO ${database}`);
    }
  };

  const ops = (line: string) => runOps(running.connections, line);

  const place = async () => {
    const { api } = running;
    const { body } = await api.post('/equipments', { stock: 10 });
    const order = (await api.post('/orders', { qty: 1, equipmentId: body.id })).body;
    return { equipment: body.id, order: order.id, approval: order.approvalId };
  };
  const settled = async (order: number) =>
    eventually(async () =>
      expect((await running.api.get(`/mis/${order}`)).body.timeline).toContainEqual(
        expect.objectContaining({ event: 'StockDecreased' }),
      ),
    );

  it('gives no id twice', async () => {
    await settled((await place()).order);
    await backUp(NAMES);
    const lost = [await place(), await place(), await place()];
    for (const { order } of lost) await settled(order);

    await restore(NAMES);
    await start(NAMES);
    const placed = await place();
    for (const kind of ['order', 'approval', 'equipment'] as const) {
      const before = lost.map((it) => it[kind]);
      expect(placed[kind]).toBeGreaterThan(Math.max(...before));
    }
    await settled(placed.order);

    // Nothing was recovered yet.
    expect(await ops('check')).toMatchObject({ code: 1 });
    for (const name of NAMES) expect(await ops(`recover ${name}`)).toMatchObject({ code: 0 });
    expect(await ops('check --repair')).toMatchObject({ code: 0 });
  });

  it.each(NAMES)('%s has all that it lost, after the commands of the manual', async (name) => {
    const { api } = running;
    const old = await client.register(1_000);
    const earlier = (await client.order(old)).id;
    await settled(earlier);
    await backUp([name]);

    const equipment = (
      await api.post('/equipments', {
        stock: 10,
        name: '노트북',
        category: 'laptop',
        region: '서울',
      })
    ).body.id;
    const approved = (await client.order(equipment, 2)).id;
    const rejected = (await client.order(equipment, 100)).id;
    const cancelled = (await client.order(old, 3)).id;
    await settled(cancelled);
    for (const id of [cancelled, earlier])
      expect((await api.patch(`/orders/${id}`, { status: 'CANCELLED' })).status).toBe(200);
    const resources = async () => {
      const orders = await Promise.all(
        [earlier, approved, rejected, cancelled].map(
          async (id) => (await api.get(`/orders/${id}`)).body,
        ),
      );
      const stocks = [old, equipment].map(async (id) => (await api.get(`/equipments/${id}`)).body);
      const list = await api.all<Resource>('approvals');
      const approvals = orders.map(({ id }) => list.find(({ orderId }) => orderId === id));
      const views = orders.map(async ({ id }) => (await api.get(`/mis/${id}`)).body);
      return { orders, approvals, others: await Promise.all([...stocks, ...views]) };
    };
    const statuses = ['CANCELLED', 'APPROVED', 'REJECTED', 'CANCELLED'];
    await eventually(async () =>
      expect((await resources()).orders.map(({ status }) => status)).toEqual(statuses),
    );
    await eventually(async () => expect((await ops('check')).code).toBe(0));
    const before = await resources();

    await restore([name]);
    expect(await ops(`recover ${name}`)).toMatchObject({ code: 0, err: '' });
    const again = JSON.parse((await ops(`recover ${name} --json`)).out);
    expect(again.steps.filter(({ rows }: { rows: number }) => rows > 0)).toEqual([]);
    await start([name]);
    const { code, out, err } = await ops('check --repair');
    expect({ code, out, err }).toMatchObject({ code: 0, err: '' });

    const after = await resources();
    expect(after.others).toEqual(before.others);
    // Events do not have these: when an HTTP call approved the order, and the approval of an order that
    // is cancelled.
    const known = (resource: Resource) => {
      const hidden = ['approvedAt', 'rejectedAt'];
      if (resource['status'] === 'CANCELLED') hidden.push('approvalId', '_links');
      return Object.fromEntries(
        Object.entries(resource).filter(([name]) => !hidden.includes(name)),
      );
    };
    expect(after.orders.map(known)).toEqual(before.orders.map(known));
    expect(after.approvals.map((each) => known(each!))).toEqual(
      before.approvals.map((each) => known(each!)),
    );
    await settled((await place()).order);
  });

  it('equipment is left as it is when it has lent the lost units to others since', async () => {
    const equipment = await client.register(10);
    await backUp(['equipment']);
    await settled((await client.order(equipment, 8)).id);
    await restore(['equipment']);
    await start(['equipment']);
    const later = (await client.order(equipment, 5)).id;
    await settled(later);
    const { code, err } = await ops('recover equipment');
    expect(code).toBe(2);
    expect(err).toContain('No result: nothing was recovered: ');
    expect(err).toContain('equipment has given away since the restore what the lost rows need.');
    expect(await client.stockOf(equipment)).toBe(5);
  });
});
