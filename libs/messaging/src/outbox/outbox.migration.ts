import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The outbox of a service: events written with the state that they tell of, until Kafka has them. */
export class CreateOutbox1700000000000 implements MigrationInterface {
  readonly name = 'CreateOutbox1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE outbox (
        id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id    uuid        NOT NULL DEFAULT gen_random_uuid(),
        type        text        NOT NULL,
        key         bigint      NOT NULL,
        data        jsonb       NOT NULL,
        occurred_at timestamptz NOT NULL,
        traceparent text
      )`);
    // Every row is inserted once and deleted soon: vacuum by count, not by a share of a table that
    // is empty most of the time.
    await runner.query(`
      ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0,
                              autovacuum_vacuum_threshold = 5000,
                              autovacuum_vacuum_insert_scale_factor = 0,
                              autovacuum_vacuum_insert_threshold = 5000)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE outbox');
  }
}
