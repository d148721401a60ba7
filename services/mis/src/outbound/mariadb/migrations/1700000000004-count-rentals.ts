import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The totals of the lists: `rental_counts` has the number of orders by equipment and status, and those of
 * all equipment under 0. `counted` is the status with which an order is counted there. The database marks
 * the other orders as `uncounted`, so it does not matter which version of mis writes a row.
 */
export class CountRentals1700000000004 implements MigrationInterface {
  readonly name = 'CountRentals1700000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS rental_counts (
        equipment_id BIGINT      NOT NULL,
        status       VARCHAR(10) NOT NULL,
        total        BIGINT      NOT NULL,
        PRIMARY KEY (equipment_id, status)
      ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`);
    await runner.query(`
      ALTER TABLE mis
        ADD COLUMN IF NOT EXISTS counted VARCHAR(10) NULL,
        ADD COLUMN IF NOT EXISTS uncounted BOOLEAN
            AS (IF(ordered_at IS NULL OR counted <=> status, NULL, TRUE)) VIRTUAL`);
    await runner.query('ALTER TABLE mis ADD INDEX IF NOT EXISTS mis_uncounted (uncounted)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE mis DROP INDEX mis_uncounted, DROP COLUMN uncounted, DROP COLUMN counted',
    );
    await runner.query('DROP TABLE rental_counts');
  }
}
