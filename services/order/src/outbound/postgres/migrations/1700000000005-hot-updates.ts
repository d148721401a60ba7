import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lets PostgreSQL update an order without writing its indexes (HOT). For that, no index may use the
 * status, not even in a predicate, and the row's page needs free space. No statement uses the index.
 */
export class HotUpdates1700000000005 implements MigrationInterface {
  readonly name = 'HotUpdates1700000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX orders_waiting');
    await runner.query('ALTER TABLE orders SET (fillfactor = 80)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE orders RESET (fillfactor)');
    await runner.query(`CREATE INDEX orders_waiting ON orders (id) WHERE status = 'ORDERED'`);
  }
}
