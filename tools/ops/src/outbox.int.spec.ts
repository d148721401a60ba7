import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { freshDatabases } from '@equipmgnt/testing/jest';
import pg from 'pg';

const MAIN = join(import.meta.dirname, 'outbox.ts');

describe('npm run outbox', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let client: pg.Client;

  const run = (line: string, url: string = databases.urls.order) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const env = { ...process.env, DATABASE_URL: url };
      execFile(process.execPath, [MAIN, ...line.split(' ')], { env }, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out, err }),
      );
    });

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
    const { code, out } = await run('list');
    expect(out).toBe(
      '2  equipmgnt.Ordered.v1  to equipmgnt.order  key 2  too large\n' +
        '3  equipmgnt.OrderCancelled.v1  to equipmgnt.order  key 2  waits behind a parked event\n' +
        '1 parked, 1 waiting behind them\n',
    );
    expect(code).toBe(0);
    const lines = (await run('list --json')).out.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: '2', data: { qty: 1 }, reason: 'too large' },
      { id: '3', parkedAt: null },
    ]);
  });

  it('rejects neither --id nor --all, and ids that are not parked', async () => {
    expect(await run('release')).toMatchObject({
      code: 1,
      err: expect.stringContaining('expected either --id or --all'),
    });
    expect(await run('release --id 3')).toMatchObject({
      code: 1,
      err: expect.stringContaining('not parked: 3'),
    });
  });

  it('asks for the address of the database, and reports one that does not answer', async () => {
    expect((await run('list', '')).err).toContain('DATABASE_URL: expected postgres://');
    expect(await run('list', 'postgres://127.0.0.1:1/order')).toMatchObject({
      code: 1,
      err: expect.stringContaining('The request to the database failed'),
    });
  });

  it('releases a parked event', async () => {
    expect((await run('release --id 2')).out).toBe('released 2\n');
    expect((await run('list')).out).toBe('0 parked, 0 waiting behind them\n');
    expect((await run('release --all')).out).toBe('nothing to release\n');
  });
});
