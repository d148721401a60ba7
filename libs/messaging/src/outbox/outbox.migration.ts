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

/**
 * An event's id follows from what it tells of whom, as each type of event happens at most once to
 * its key. So a fact that is told once more is the same event to everybody, whoever tells it.
 */
export class IdentifyEvents1700000000002 implements MigrationInterface {
  readonly name = 'IdentifyEvents1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE outbox
        DROP COLUMN event_id,
        ADD COLUMN event_id uuid NOT NULL
            GENERATED ALWAYS AS (md5(type || '/' || key::text)::uuid) STORED`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE outbox
        DROP COLUMN event_id,
        ADD COLUMN event_id uuid NOT NULL DEFAULT gen_random_uuid()`);
  }
}

/** The outbox, for the migrations of each service that publishes. */
export const outboxMigrations = [CreateOutbox1700000000000, IdentifyEvents1700000000002];
