import { topics } from '@equipmgnt/contracts';
import { postgresConfig, postgresOptions } from '@equipmgnt/database';
import { outboxMigrations } from '@equipmgnt/messaging';
import { readConfig } from '@equipmgnt/runtime';
import {
  freshDatabases,
  resize,
  scansWithoutIndex,
  sortsWithoutIndex,
  TABLE_SIZES,
} from '@equipmgnt/testing/jest';
import { DataSource } from 'typeorm';
import { ORDER_SORTS } from '../../application/orders.ts';
import { orderColumns } from './order.rows.ts';
import { migrations } from './migrations/index.ts';
import * as sql from './statements.ts';

const TABLE = {
  table: 'orders',
  insert: `INSERT INTO orders (equipment_id, qty, status, approval_id, ordered_at, approved_at)
           SELECT 1, 1, 'APPROVED', n, now(), now()`,
};
const STATEMENTS = [sql.PLACE, sql.PLACE_WITH_KEY, sql.FIND, sql.SAVE, sql.KEEP_ANSWER];

describe('The plan of a statement of order', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let database: DataSource;

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(postgresConfig, { DATABASE_URL: databases.urls.order });
    const schema = { entities: [], migrations: [...outboxMigrations(topics.order), ...migrations] };
    database = await new DataSource(postgresOptions('test', config, schema)).initialize();
    await database.runMigrations();
  });
  afterAll(async () => {
    await database.destroy();
    await databases.drop();
  });

  describe.each(TABLE_SIZES)('with %i rows', (size) => {
    const query = (text: string) => database.query(text);

    beforeAll(() => resize(query, size, TABLE));

    it.each(STATEMENTS)('finds rows by an index: $name', async ({ text }) => {
      expect(await scansWithoutIndex(query, text)).toEqual([]);
    });
  });

  it('updates a row without writing the indexes', async () => {
    await database.query('TRUNCATE orders CASCADE');
    const [{ hot }] = await database.transaction(async (manager) => {
      await manager.query(
        `INSERT INTO orders (equipment_id, qty, status, ordered_at)
         SELECT 1, 1, 'ORDERED', now() FROM generate_series(1, 20)`,
      );
      await manager.query(
        `UPDATE orders SET status = 'APPROVED', approval_id = id, approved_at = now()`,
      );
      return manager.query(
        `SELECT pg_stat_get_xact_tuples_hot_updated('orders'::regclass)::int AS hot`,
      );
    });
    expect(hot).toBe(20);
  });

  it('sorts a list by an index, and would show a sort', async () => {
    const query = (text: string) => database.query(text);
    await resize(query, 1_000_000, TABLE);
    const columns = ORDER_SORTS.map((property) => orderColumns.nameOf(property));
    expect(await sortsWithoutIndex(query, 'orders', [...columns, 'qty'])).toEqual(['qty']);
  });

  it("finds and sorts a requester's own orders by an index", async () => {
    const query = (text: string) => database.query(text);
    await resize(query, 1_000_000, TABLE);
    const page = `SELECT * FROM orders
                   WHERE requester IS NOT NULL AND requester ->> 'id' = $1 ORDER BY id LIMIT 20`;
    expect(await scansWithoutIndex(query, page)).toEqual([]);
  });

  it('would show a sequential scan', async () => {
    const text = 'SELECT count(*) FROM orders WHERE qty = $1';
    expect(await scansWithoutIndex((each) => database.query(each), text)).toHaveLength(1);
  });
});
