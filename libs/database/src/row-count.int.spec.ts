import { freshDatabases } from '@equipmgnt/testing/jest';
import { readConfig } from '@equipmgnt/runtime';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { postgresConfig, postgresOptions } from './options.ts';
import { countRows, readRowCount, SumRowCount } from './row-count.ts';

/** A table that has rows before they are counted. */
class CreateItems1700000000001 implements MigrationInterface {
  readonly name = 'CreateItems1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE items (id bigint GENERATED ALWAYS AS IDENTITY, name text)');
    await runner.query('INSERT INTO items (name) SELECT n FROM generate_series(1, 5) AS n');
  }

  async down(): Promise<void> {}
}

describe('The number of rows of a table', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let database: DataSource;

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(postgresConfig, { DATABASE_URL: databases.urls.order });
    const schema = { entities: [], migrations: [CreateItems1700000000001, countRows('items')] };
    database = await new DataSource(postgresOptions('test', config, schema)).initialize();
    await database.runMigrations();
  });

  afterAll(async () => {
    await database.destroy();
    await databases.drop();
  });

  beforeEach(async () => {
    await database.query('TRUNCATE items');
    await insert(5);
  });

  const insert = (count: number) =>
    database.query('INSERT INTO items (name) SELECT n FROM generate_series(1, $1::int) AS n', [
      count,
    ]);
  const total = () => readRowCount(database.manager);
  const storedChanges = async (): Promise<number> =>
    (await database.query('SELECT count(*)::int AS count FROM row_count'))[0].count;

  it('includes the rows from before it was counted', async () => {
    await database.undoLastMigration();
    await database.runMigrations();
    expect(await total()).toBe(5);
  });

  it('follows inserts and deletes of any number of rows', async () => {
    await insert(3);
    await database.query(`DELETE FROM items WHERE name IN ('1', '2')`);
    await database.query(`DELETE FROM items WHERE name = 'none'`);
    expect(await total()).toBe(8 - 4);
  });

  it('is 0 after TRUNCATE', async () => {
    await database.query('TRUNCATE items');
    expect(await total()).toBe(0);
  });

  it('does not include rows that are not committed', async () => {
    const runner = database.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`INSERT INTO items (name) VALUES ('x')`);
    expect(await total()).toBe(5);
    await runner.rollbackTransaction();
    await runner.release();
    expect(await total()).toBe(5);
  });

  it('is stored in one row after a while, and is always the same', async () => {
    await Promise.all(Array.from({ length: 20 }, () => insert(1)));
    expect(await storedChanges()).toBeGreaterThan(20);
    await new SumRowCount(database).run();
    expect(await storedChanges()).toBe(1);
    expect(await total()).toBe(25);
  });

  it('is right when replicas sum it at the same time as rows are inserted', async () => {
    const jobs = [new SumRowCount(database), new SumRowCount(database)];
    let started = 5;
    let stored = 5;
    const writers = Array.from({ length: 4 }, async () => {
      for (let row = 0; row < 50; row += 1) {
        started += 1;
        await insert(1);
        stored += 1;
        const least = stored;
        const read = await total();
        expect(read).toBeGreaterThanOrEqual(least);
        expect(read).toBeLessThanOrEqual(started);
      }
    });
    let writing = true;
    const sums = jobs.map(async (job) => {
      while (writing) await job.run();
    });
    await Promise.all(writers);
    writing = false;
    await Promise.all(sums);
    expect(await total()).toBe(205);
  });
});
