import type { PageRequest } from '@equipmgnt/kernel';
import { freshDatabases } from '@equipmgnt/testing/jest';
import { readConfig } from '@equipmgnt/runtime';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Availability } from './availability.ts';
import { column, Columns } from './columns.ts';
import { findPage } from './find-page.ts';
import { open } from './open.ts';
import { postgresConfig, postgresOptions } from './options.ts';
import { countRows } from './row-count.ts';
import type { ServiceDatabase } from './service-database.ts';

const entity = new Columns({ id: column.bigint(), rank: column.int() }).entity(
  'Item',
  'items',
  'id',
);

/** Items of which several have the same rank. */
class CreateItems1700000000001 implements MigrationInterface {
  readonly name = 'CreateItems1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE items (id bigint PRIMARY KEY, rank int NOT NULL)');
    await runner.query('INSERT INTO items SELECT n, n * 7 % 5 FROM generate_series(1, 23) AS n');
    await runner.query('CREATE INDEX items_rank ON items (rank, id)');
  }

  async down(): Promise<void> {}
}

describe('A page of a table', () => {
  let databases: Awaited<ReturnType<typeof freshDatabases>>;
  let database: ServiceDatabase;

  beforeAll(async () => {
    databases = await freshDatabases();
    const config = readConfig(postgresConfig, { DATABASE_URL: databases.urls.order });
    const migrations = [CreateItems1700000000001, countRows('items')];
    const options = postgresOptions('test', config, { entities: [entity], migrations });
    database = await open(options, new Availability());
    await database.runMigrations();
  });

  afterAll(async () => {
    await database.destroy();
    await databases.drop();
  });

  const read = (wanted: Partial<PageRequest>) =>
    findPage(
      database.getRepository(entity),
      { page: 0, size: 5, sort: [{ property: 'id', direction: 'asc' }], ...wanted },
      ({ id, rank }) => ({ id, rank }),
    );

  describe.each(['asc', 'desc'] as const)('sorted %s', (direction) => {
    it.each([[['id']], [['rank', 'id']]])('by %j, starts after a row', async (properties) => {
      const sort = properties.map((property) => ({ property, direction }));
      const all = (await read({ size: 100, sort })).items;
      expect(all).toHaveLength(23);
      const walked: unknown[] = [];
      let after: PageRequest['after'];
      for (let page = 0; page < 5; page += 1) {
        const { items, total } = await read({ page, sort, after });
        expect(total).toBe(23);
        walked.push(...items);
        const last: Record<string, number> = items.at(-1) ?? {};
        after = properties.map((property) => last[property] ?? 0);
      }
      expect(walked).toEqual(all);
      expect((await read({ sort, after })).items).toEqual([]);
    });
  });
});
