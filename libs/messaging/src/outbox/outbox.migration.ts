import type { Topic } from '@equipmgnt/contracts';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The outbox: events are written in the transaction that changes the state, and kept until Kafka has them. */
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
    // Every row is inserted once and deleted soon: vacuum after a number of rows, not after a share of
    // a table that is empty most of the time.
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
 * The event id is a hash of type and key, because each type of event happens at most once for a key.
 * So a fact that is published again has the same event id, whichever replica publishes it.
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

/**
 * Each row names its topic, so that a version that does not know its type can publish it, for example
 * after a rollback. Versions before this one write no topic: the default is the topic of the service. A
 * row with `parked_at` cannot be published; it waits for an operator.
 */
const addTopic = (topic: Topic) =>
  class AddTopicToOutbox1700000000004 implements MigrationInterface {
    readonly name = 'AddTopicToOutbox1700000000004';

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`
        ALTER TABLE outbox
          ADD COLUMN topic         text NOT NULL DEFAULT '${topic}',
          ADD COLUMN parked_at     timestamptz,
          ADD COLUMN parked_reason text`);
      await runner.query('CREATE INDEX outbox_parked ON outbox (key) WHERE parked_at IS NOT NULL');
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(`
        ALTER TABLE outbox DROP COLUMN topic, DROP COLUMN parked_at, DROP COLUMN parked_reason`);
    }
  };

/**
 * The migrations of the outbox, for each service that publishes.
 * @param topic of the service's events
 */
export const outboxMigrations = (topic: Topic) => [
  CreateOutbox1700000000000,
  IdentifyEvents1700000000002,
  addTopic(topic),
];
