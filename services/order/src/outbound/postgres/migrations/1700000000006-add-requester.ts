import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who placed an order. Orders from before, and those of clients that did not sign in, have none. */
export class AddRequester1700000000006 implements MigrationInterface {
  readonly name = 'AddRequester1700000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE orders ADD COLUMN requester jsonb');
    await runner.query(`
      CREATE INDEX orders_requester ON orders ((requester ->> 'id'), id) WHERE requester IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE orders DROP COLUMN requester');
  }
}
