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
import { APPROVAL_SORTS } from '../../application/approvals.ts';
import { approvalColumns } from './approval.rows.ts';
import { migrations } from './migrations/index.ts';
import * as sql from './statements.ts';

const TABLE = {
  table: 'approvals',
  insert: `INSERT INTO approvals (order_id, equipment_id, qty, status, approved_at)
           SELECT n, 1, 1, 'APPROVED', now()`,
};
const STATEMENTS = [sql.FIND_OR_ADD, sql.OF_ORDERS, sql.SAVE, sql.FIND];

describe('The plan of a statement of approval', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let database: DataSource;

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(postgresConfig, { DATABASE_URL: databases.urls.approval });
    const schema = {
      entities: [],
      migrations: [...outboxMigrations(topics.approval), ...migrations],
    };
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
    await database.query('TRUNCATE approvals CASCADE');
    const [{ hot }] = await database.transaction(async (manager) => {
      await manager.query(
        `INSERT INTO approvals (order_id, equipment_id, qty, status, approved_at, confirmed_at)
         SELECT n, 1, 1, 'APPROVED', now(), NULL FROM generate_series(1, 20) AS n`,
      );
      await manager.query(`UPDATE approvals SET confirmed_at = now()`);
      return manager.query(
        `SELECT pg_stat_get_xact_tuples_hot_updated('approvals'::regclass)::int AS hot`,
      );
    });
    expect(hot).toBe(20);
  });

  it('sorts a list by an index, and would show a sort', async () => {
    const query = (text: string) => database.query(text);
    await resize(query, 1_000_000, TABLE);
    const columns = APPROVAL_SORTS.map((property) => approvalColumns.nameOf(property));
    expect(await sortsWithoutIndex(query, 'approvals', [...columns, 'qty'])).toEqual(['qty']);
  });

  it('would show a sequential scan', async () => {
    const text = 'SELECT count(*) FROM approvals WHERE qty = $1';
    expect(await scansWithoutIndex((each) => database.query(each), text)).toHaveLength(1);
  });
});
