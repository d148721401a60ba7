import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For sorted lists. A change of the stock writes none of these columns, and so none of these indexes. */
export class IndexLists1700000000006 implements MigrationInterface {
  readonly name = 'IndexLists1700000000006';

  async up(runner: QueryRunner): Promise<void> {
    for (const column of ['name', 'category', 'region'])
      await runner.query(`CREATE INDEX equipments_${column} ON equipments (${column}, id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const column of ['name', 'category', 'region'])
      await runner.query(`DROP INDEX equipments_${column}`);
  }
}
