import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The default serves the previous version, which publishes ApprovalObtained with each row that it
 * inserts: its rows, old and new, count as confirmed. This version always writes the column.
 */
export class AddConfirmedAt1700000000003 implements MigrationInterface {
  readonly name = 'AddConfirmedAt1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE approvals ADD COLUMN confirmed_at timestamptz DEFAULT now()');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE approvals DROP COLUMN confirmed_at');
  }
}
