import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type MigrationInterface, type QueryRunner } from 'typeorm';
import { PeriodicJob } from './periodic-job.ts';

const EVERY_MS = 10_000;

/**
 * Counts the rows of a table, so that a list has its total without reading the whole table (PostgreSQL).
 * Triggers add a change to `row_count` in each transaction that inserts or deletes rows, whatever version
 * of a service does it. The sum of the changes is the number of rows. No transaction waits for another
 * one, because each adds a row of its own.
 */
export const countRows = (table: string) =>
  class CountRows1700000000007 implements MigrationInterface {
    readonly name = 'CountRows1700000000007';

    async up(runner: QueryRunner): Promise<void> {
      await runner.query('CREATE TABLE row_count (change bigint NOT NULL)');
      await runner.query(`
        CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'TRUNCATE' THEN
            DELETE FROM row_count;
          ELSE
            INSERT INTO row_count
            SELECT CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
              FROM changed HAVING count(*) > 0;
          END IF;
          RETURN NULL;
        END $$`);
      // from here on, writers wait for this transaction, so that the first count is exact
      await runner.query(`
        CREATE TRIGGER count_inserted AFTER INSERT ON ${table} REFERENCING NEW TABLE AS changed
           FOR EACH STATEMENT EXECUTE FUNCTION count_rows()`);
      await runner.query(`
        CREATE TRIGGER count_deleted AFTER DELETE ON ${table} REFERENCING OLD TABLE AS changed
           FOR EACH STATEMENT EXECUTE FUNCTION count_rows()`);
      await runner.query(`
        CREATE TRIGGER count_truncated AFTER TRUNCATE ON ${table}
           FOR EACH STATEMENT EXECUTE FUNCTION count_rows()`);
      await runner.query(`INSERT INTO row_count SELECT count(*) FROM ${table}`);
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query('DROP FUNCTION count_rows CASCADE');
      await runner.query('DROP TABLE row_count');
    }
  };

/** The number of rows of the table of {@link countRows}. */
export async function readRowCount(manager: EntityManager): Promise<number> {
  const [{ total }] = await manager.query('SELECT sum(change)::bigint AS total FROM row_count');
  return Number(total);
}

/** Replaces the changes of {@link countRows} by their sum. */
@Injectable()
export class SumRowCount extends PeriodicJob {
  constructor(private readonly database: DataSource) {
    super('sum-row-count', EVERY_MS);
  }

  /** Another replica deletes none of the rows that this one has deleted, so none is added twice. */
  override async run(): Promise<void> {
    await this.database.query(`
      WITH summed AS (
        DELETE FROM row_count WHERE (SELECT count(*) FROM row_count) > 1 RETURNING change)
      INSERT INTO row_count SELECT sum(change) FROM summed HAVING count(*) > 0`);
  }
}
