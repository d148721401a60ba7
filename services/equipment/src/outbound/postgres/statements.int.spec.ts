import { postgresConfig, postgresOptions } from '@equipmgnt/database';
import { readConfig } from '@equipmgnt/runtime';
import {
  freshDatabases,
  resize,
  scansWithoutIndex,
  sortsWithoutIndex,
  TABLE_SIZES,
} from '@equipmgnt/testing/jest';
import { DataSource } from 'typeorm';
import { EQUIPMENT_SORTS } from '../../application/equipments.ts';
import { equipmentColumns } from './equipment.rows.ts';
import { migrations } from './migrations/index.ts';
import * as sql from './statements.ts';

const TABLE = {
  table: 'stock_ledger',
  insert: `INSERT INTO stock_ledger (order_id, direction, equipment_id, qty, outcome, at)
           SELECT n, 'OUT', 1, 1, 'TAKEN', now()`,
};
const STATEMENTS = [sql.LOCK, sql.LEDGER_OF, sql.SAVE, sql.FIND, sql.FIND_REGISTERED];

describe('The plan of a statement of equipment', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let database: DataSource;

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(postgresConfig, { DATABASE_URL: databases.urls.equipment });
    const schema = { entities: [], migrations: [...migrations] };
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

  it('sorts a list by an index, and would show a sort', async () => {
    const query = (text: string) => database.query(text);
    await resize(query, 1_000_000, {
      table: 'equipments',
      insert: `INSERT INTO equipments (name, registered, stock, registered_at)
               SELECT 'name ' || n, 1, 1, now()`,
    });
    const columns = EQUIPMENT_SORTS.map((property) => equipmentColumns.nameOf(property));
    expect(await sortsWithoutIndex(query, 'equipments', [...columns, 'stock'])).toEqual(['stock']);
  });

  it('would show a sequential scan', async () => {
    const text = 'SELECT count(*) FROM stock_ledger WHERE qty = $1';
    expect(await scansWithoutIndex((each) => database.query(each), text)).toHaveLength(1);
  });
});
