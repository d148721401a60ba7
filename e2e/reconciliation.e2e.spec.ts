import { eventually, runOps, runSuite, SuiteClient } from '@equipmgnt/testing/jest';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';

type Running = Awaited<ReturnType<typeof runSuite>>;

describe('npm run ops', () => {
  let running: Running;
  let client: SuiteClient;

  beforeAll(async () => {
    running = await runSuite();
    client = new SuiteClient(running.api, running.connections);
  });

  afterAll(() => running.stop());

  const ops = (line: string) => runOps(running.connections, line);

  const sql = async (service: 'order' | 'approval' | 'equipment', text: string, ids: number[]) => {
    const connection = new pg.Client(running.connections.databases[service]);
    await connection.connect();
    try {
      const { rowCount } = await connection.query(text, [ids]);
      expect(rowCount).toBe(ids.length);
    } finally {
      await connection.end();
    }
  };

  const misSql = async (text: string, ids: number[]) => {
    const connection = await createConnection(running.connections.databases.mis);
    try {
      const [result] = await connection.query(text, [ids]);
      expect(result).toMatchObject({ affectedRows: ids.length });
    } finally {
      await connection.end();
    }
  };

  const order = async (equipment: number, status: string, qty = 1): Promise<number> => {
    const { id } = await client.order(equipment, qty);
    await eventually(async () => expect(await client.statusOf(id)).toBe(status));
    return id;
  };

  const cancelled = async (equipment: number): Promise<number> => {
    const id = await order(equipment, 'APPROVED');
    const { status } = await running.api.patch(`/orders/${id}`, { status: 'CANCELLED' });
    expect(status).toBe(200);
    return id;
  };

  it('check finds no difference while orders are placed and cancelled', async () => {
    const equipment = await client.register(10_000);
    let checking = true;
    let placed = 0;
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (checking) {
          const { id, status } = await client.order(equipment);
          expect([201, 202]).toContain(status);
          placed += 1;
          if (placed % 3 === 0) await running.api.patch(`/orders/${id}`, { status: 'CANCELLED' });
        }
      }),
    );
    try {
      for (let round = 0; round < 3; round += 1) {
        const before = placed;
        await eventually(() => Promise.resolve(expect(placed).toBeGreaterThan(before + 20)));
        const { code, out, err } = await ops('check --json');
        expect({ code, err }).toEqual({ code: 0, err: '' });
        expect(JSON.parse(out)).toMatchObject({ differences: [], equipments: 1 });
        expect(JSON.parse(out).orders).toBeGreaterThanOrEqual(before);
      }
    } finally {
      checking = false;
      await load;
    }
    await client.waitUntilConsistent();
  });

  it('order shows what each service did with an order, and what it waits for', async () => {
    const equipment = await client.register(10);
    const done = await cancelled(equipment);
    await eventually(async () => {
      const { code, out, err } = await ops(`order ${done}`);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const lines = out.trim().split('\n');
      expect(lines[0]).toBe(`order ${done}: CANCELLED, 1 unit of equipment ${equipment}`);
      const steps = lines.slice(1, -2).map((line) => line.trim().split(/  +/).slice(-2).join(': '));
      const approval = /with approval (\d+)/.exec(out)?.[1];
      expect(steps.sort()).toEqual(
        [
          'order: ordered',
          `order: approved, with approval ${approval}`,
          'order: cancelled',
          `approval: approval ${approval} given`,
          `approval: approval ${approval} confirmed by the event of the order`,
          `approval: approval ${approval} cancelled`,
          `equipment: 1 unit of equipment ${equipment} taken`,
          `equipment: 1 unit of equipment ${equipment} returned`,
        ].sort(),
      );
      expect(lines.slice(-2)).toEqual(['mis shows CANCELLED', 'It waits for nothing.']);
    });
    expect(await ops('order 999999')).toMatchObject({
      code: 2,
      err: 'No result: no service has order 999999\n',
    });
    expect((await ops('order x')).code).toBe(2);

    await running.suite.approval[0].stop();
    try {
      const { id } = await client.order(equipment);
      await eventually(async () => {
        const { code, out } = await ops(`order ${id} --json`);
        expect(code).toBe(1);
        expect(JSON.parse(out)).toMatchObject({
          id,
          status: 'ORDERED',
          shown: 'ORDERED',
          steps: [{ service: 'order', what: 'ordered' }],
          waitsFor: [`approval has not handled Ordered of order ${id}`],
        });
      });
    } finally {
      await running.suite.approval[0].start();
    }
  });

  it('status shows all services, and what needs attention', async () => {
    const urls = Object.fromEntries(
      (['gateway', 'order', 'approval', 'equipment', 'mis'] as const).map((service) => [
        `${service.toUpperCase()}_URL`,
        running.suite[service][0].url,
      ]),
    );
    const status = (line: string) => runOps(running.connections, `status${line}`, urls);
    await eventually(async () => {
      const { code, out, err } = await status('');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const lines = out.trim().split('\n');
      expect(lines[0]).toMatch(/^service +health +lag +outbox +oldest$/);
      expect(lines[2]).toMatch(/^order +UP +0 +0$/);
      expect(lines.at(-1)).toBe('all is well');
    });
    await running.suite.approval[0].stop();
    try {
      const equipment = await client.register(10);
      await client.order(equipment);
      await eventually(async () => {
        const { code, out } = await status(' --json');
        expect(code).toBe(1);
        const approval = { service: 'approval', health: 'unreachable', lag: expect.any(Number) };
        const { services } = JSON.parse(out);
        expect(services).toContainEqual(expect.objectContaining(approval));
        expect(services.find((each: { lag: number }) => each.lag > 0)).toBeDefined();
      });
      expect((await status('')).out).toContain('approval is unreachable\n');
    } finally {
      await running.suite.approval[0].start();
    }
  });

  it('rebuild-view refuses while mis runs, and then the same view is built again', async () => {
    await client.waitUntilConsistent();
    expect(await ops('rebuild-view')).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        'mis is running (1 member in its consumer group). Stop it first.',
      ),
    });
    const view = () => running.api.all('mis');
    const before = await view();
    const mis = running.suite.of('mis')[0];
    await mis.stop();
    await eventually(async () => expect((await ops('rebuild-view')).code).toBe(0));
    await mis.start();
    await eventually(async () => expect(await view()).toEqual(before));
    expect(await ops('check')).toMatchObject({ code: 0 });
  });

  it('check finds each kind of event that was not handled, and --repair publishes it again', async () => {
    const equipment = await client.register(100);
    const unread = await client.register(1); // its registration
    const notApproved = await order(equipment, 'APPROVED');
    const notTaken = await order(equipment, 'APPROVED', 2);
    const stillWaiting = await order(equipment, 'APPROVED');
    const notReturned = await cancelled(equipment);
    const notCancelled = await cancelled(equipment);
    const notRejected = await order(equipment, 'REJECTED', 1_000);
    const notShown = await order(equipment, 'REJECTED', 1_001);
    await client.waitUntilConsistent();
    const statuses = () => Promise.all(ids.map((id) => client.statusOf(id)));
    const ids = [
      notApproved,
      notTaken,
      stillWaiting,
      notReturned,
      notCancelled,
      notRejected,
      notShown,
    ];
    const before = await statuses();

    // What a consumer has not handled, and all that followed from it.
    const waiting = `SET status = 'ORDERED', approval_id = NULL, approved_at = NULL WHERE id = ANY($1)`;
    await sql('order', `UPDATE orders ${waiting}`, [notApproved, stillWaiting]);
    await sql(
      'order',
      `UPDATE orders SET status = 'APPROVED', approved_at = now(), rejected_at = NULL, reason = NULL
        WHERE id = ANY($1)`,
      [notRejected],
    );
    await sql('approval', 'DELETE FROM approvals WHERE order_id = ANY($1)', [notApproved]);
    await sql(
      'approval',
      `UPDATE approvals SET status = 'APPROVED', cancelled_at = NULL, rejected_at = NULL, reason = NULL
        WHERE order_id = ANY($1)`,
      [notCancelled, notRejected],
    );
    await sql('equipment', 'UPDATE equipments SET stock = stock + 2 WHERE id = ANY($1)', [
      equipment,
    ]);
    await sql(
      'equipment',
      `DELETE FROM stock_ledger WHERE direction = 'OUT' AND order_id = ANY($1)`,
      [notApproved, notTaken],
    );
    await sql(
      'equipment',
      `DELETE FROM stock_ledger WHERE direction = 'IN' AND order_id = ANY($1)`,
      [notReturned, notCancelled],
    );
    await sql('equipment', 'UPDATE equipments SET stock = stock - 1 WHERE id = ANY($1)', [
      equipment,
    ]);
    await misSql('DELETE FROM mis WHERE order_id IN (?)', ids);
    await misSql('DELETE FROM equipments WHERE id IN (?)', [unread]);

    const found = await ops('check --json');
    expect(found.code).toBe(1);
    const texts = (JSON.parse(found.out).differences as Record<string, unknown>[]).filter(
      ({ kind }) => kind === 'unhandled',
    ) as {
      key: number;
      type: string;
      consumer: string;
    }[];
    const lacks = (key: number) =>
      texts
        .filter((each) => each.key === key && each.consumer !== 'mis')
        .map(({ type, consumer }) => `${type.split('.')[1]} ${consumer}`)
        .sort();
    expect(lacks(notApproved)).toEqual(['Ordered approval']);
    expect(lacks(notTaken)).toEqual(['ApprovalObtained equipment']);
    expect(lacks(stillWaiting)).toEqual(['ApprovalObtained order']);
    expect(lacks(notReturned)).toEqual(['CancelRequested equipment']);
    expect(lacks(notCancelled)).toEqual(['OrderCancelled approval']);
    expect(lacks(notRejected)).toEqual(['StockRejected approval']);
    expect(lacks(notShown)).toEqual([]);
    expect(
      texts.filter(({ key, consumer }) => key === notShown && consumer === 'mis'),
    ).toHaveLength(4);

    expect(texts).toContainEqual({
      kind: 'unhandled',
      type: 'equipmgnt.EquipmentRegistered.v1',
      key: unread,
      consumer: 'mis',
    });

    const repaired = await ops('check --repair');
    expect(repaired).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('no differences'),
    });
    await client.waitUntilConsistent();
    expect(await statuses()).toEqual(before);
    expect(await ops('check')).toMatchObject({ code: 0 });
  });

  it('check leaves an order alone of which its owner has lost a fact, and names the remedy', async () => {
    const equipment = await client.register(10);
    const id = await order(equipment, 'APPROVED');
    await client.waitUntilConsistent();
    await sql('approval', 'DELETE FROM approvals WHERE order_id = ANY($1)', [id]);
    const { code, out } = await ops('check --repair');
    expect(code).toBe(1);
    expect(out).toContain(
      `approval does not have ApprovalObtained of order ${id}, which mis shows`,
    );
    expect(out).toContain(`skipped until the lost facts are recovered: orders ${id}`);
    expect(out).toContain('npm run ops -- recover approval');
    expect((await ops('recover approval')).out).toContain('1 approvals inserted\n');
    expect(await ops('check')).toMatchObject({ code: 0 });
  });

  it('check finds a stock that does not follow from the ledger', async () => {
    const equipment = await client.register(10);
    await sql('equipment', 'UPDATE equipments SET stock = 9 WHERE id = ANY($1)', [equipment]);
    const { code, out } = await ops('check');
    expect(code).toBe(1);
    expect(out).toContain(
      `equipment ${equipment} has a stock of 9, expected 10 registered - 0 taken + 0 returned`,
    );
    await sql('equipment', 'UPDATE equipments SET stock = 10 WHERE id = ANY($1)', [equipment]);
  });

  it('has no result while events stay in flight', async () => {
    const equipment = await client.register(10);
    const mis = running.suite.of('mis')[0];
    await mis.stop();
    try {
      await order(equipment, 'APPROVED');
      const { code, err } = await ops('check --wait 1');
      expect(code).toBe(2);
      expect(err).toMatch(
        /No result: after 1 s there are still events in flight: \d+ not handled by mis/,
      );
    } finally {
      await mis.start();
    }
    await client.waitUntilConsistent();
  });

  it('ends with code 2 and one sentence for a mistake', async () => {
    for (const [line, message] of [
      ['chek', "unknown command 'chek'"],
      ['recover mis', "argument 'service'. Allowed choices are order, approval, equipment."],
      ['check --wait 0', 'Expected a whole number of seconds from 1 to 3600.'],
    ] as const) {
      expect(await ops(line)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
    }
    const { databases } = running.connections;
    const unavailable = { ...databases, approval: 'postgres://127.0.0.1:1/approval' };
    const { code, err } = await runOps({ ...running.connections, databases: unavailable }, 'check');
    expect(code).toBe(2);
    expect(err).toMatch(
      /^No result: the database of approval \(APPROVAL_DATABASE_URL\) is unavailable: .*\n$/,
    );
  });
});
