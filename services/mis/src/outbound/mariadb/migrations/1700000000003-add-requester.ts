import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who placed an order. The ids of two people may differ only in case or in accents, so they are compared
 * by their bytes.
 */
export class AddRequester1700000000003 implements MigrationInterface {
  readonly name = 'AddRequester1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE mis
        ADD COLUMN IF NOT EXISTS requester_id   VARCHAR(255) COLLATE utf8mb4_bin NULL,
        ADD COLUMN IF NOT EXISTS requester_name VARCHAR(255) NULL,
        ADD INDEX IF NOT EXISTS mis_requester (requester_id, order_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE mis
        DROP INDEX mis_requester, DROP COLUMN requester_id, DROP COLUMN requester_name`);
  }
}
