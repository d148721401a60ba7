import { freshDatabases, kafkaBrokers, runOps } from '@equipmgnt/testing/jest';
import pg from 'pg';

describe('npm run ops -- outbox', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let client: pg.Client;

  const run = (line: string, order: string = databases.urls.order) => {
    const kafka = kafkaBrokers();
    const connections = { databases: { ...databases.urls, order }, kafkaBrokers: kafka };
    return runOps(connections, `outbox ${line}`);
  };

  beforeAll(async () => {
    databases = await freshDatabases();
    client = new pg.Client(databases.urls.order);
    await client.connect();
    // the columns of the outbox that the command reads
    await client.query(`
      CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY, topic text, type text, key bigint,
        data jsonb, occurred_at timestamptz, parked_at timestamptz, parked_reason text)`);
    await client.query(`
      INSERT INTO outbox (topic, type, key, data, occurred_at, parked_at, parked_reason)
      SELECT 'equipmgnt.order', type, key, '{"qty":1}', now(), parked_at, reason
        FROM (VALUES ('equipmgnt.Ordered.v1', 1, NULL::timestamptz, NULL),
                     ('equipmgnt.Ordered.v1', 2, now(), 'too large'),
                     ('equipmgnt.OrderCancelled.v1', 2, NULL, NULL)) rows (type, key, parked_at, reason)`);
  });

  afterAll(async () => {
    await client.end();
    await databases.drop();
  });

  it('lists parked events and those that wait behind them', async () => {
    const { code, out } = await run('list order');
    expect(out).toBe(
      '2  equipmgnt.Ordered.v1  to equipmgnt.order  key 2  too large\n' +
        '3  equipmgnt.OrderCancelled.v1  to equipmgnt.order  key 2  waits behind a parked event\n' +
        '1 parked, 1 waiting behind them\n',
    );
    expect(code).toBe(0);
    const lines = (await run('list order --json')).out.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: '2', data: { qty: 1 }, reason: 'too large' },
      { id: '3', parkedAt: null },
    ]);
  });

  it('rejects neither --id nor --all, and ids that are not parked', async () => {
    expect(await run('release order')).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected either --id or --all'),
    });
    expect(await run('release order --id 3')).toMatchObject({
      code: 2,
      err: expect.stringContaining('not parked: 3'),
    });
  });

  it('rejects a service without an outbox, and reports a database that does not answer', async () => {
    expect((await run('list mis')).err).toContain('Allowed choices are order, approval, equipment');
    expect(await run('list order', 'postgres://127.0.0.1:1/order')).toMatchObject({
      code: 2,
      err: expect.stringContaining('No result: '),
    });
  });

  it('releases a parked event', async () => {
    expect((await run('release order --id 2')).out).toBe('released 2\n');
    expect((await run('list order')).out).toBe('0 parked, 0 waiting behind them\n');
    expect((await run('release order --all')).out).toBe('nothing to release\n');
  });
});
