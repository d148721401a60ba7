import { Clock, requireSameRequest, type RequestKey } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { PeriodicJob } from './periodic-job.ts';
import { runPrepared, type Prepared } from './prepared.ts';

const KEPT_MS = 24 * 60 * 60 * 1_000;
const EVERY_MS = 10 * 60 * 1_000;
const BATCH_SIZE = 1_000;

/**
 * The table of the idempotency keys. The one of order is older: it calls the item `order_id`, and has
 * a column for the answer.
 */
export class CreateIdempotencyKeys1700000000004 implements MigrationInterface {
  readonly name = 'CreateIdempotencyKeys1700000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency_keys (
        key         text        PRIMARY KEY,
        fingerprint text        NOT NULL,
        item_id     bigint,
        created_at  timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency_keys');
  }
}

/** The column of a new row's id in an INSERT … SELECT: from the table's sequence, or from {@link newKey}. */
export const ID_FROM_SEQUENCE = { column: '', value: '', from: '' };
export const ID_FROM_KEY = { column: 'id, ', value: 'k.id, ', from: ' CROSS JOIN key k' };

/**
 * A `WITH` part `key (id)` that stores a new key with the next id of a table. It returns no row when the
 * key exists. A concurrent request with the same key waits here until the first one commits. An
 * existing key uses no id: the sequence is used only for a new key.
 * @param key the parameter with the key, such as `$3`
 * @param fingerprint the parameter with the fingerprint of the request
 * @param idColumn of the table of keys
 */
export const newKey = (table: string, key: string, fingerprint: string, idColumn = 'item_id') => `
  key AS (
    INSERT INTO idempotency_keys (key, fingerprint, ${idColumn}, created_at)
    SELECT ${key}, ${fingerprint}, nextval(pg_get_serial_sequence('${table}', 'id')), now()
     WHERE NOT EXISTS (SELECT FROM idempotency_keys WHERE key = ${key})
        ON CONFLICT (key) DO NOTHING
    RETURNING ${idColumn} AS id)`;

const CLAIM: Prepared = {
  name: 'idempotency-key-claim',
  text: `
  INSERT INTO idempotency_keys (key, fingerprint, created_at) VALUES ($1, $2, now())
      ON CONFLICT (key) DO NOTHING RETURNING key`,
};

const FORGET: Prepared = {
  name: 'idempotency-keys-forget',
  text: `
  WITH deleted AS (
    DELETE FROM idempotency_keys WHERE key IN (
      SELECT key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2
         FOR UPDATE SKIP LOCKED)
    RETURNING 1)
  SELECT count(*)::int AS count FROM deleted`,
};

/** The stored idempotency keys of a service (PostgreSQL). Each is kept for a day after its first use. */
@Injectable()
export class IdempotencyKeys {
  constructor(private readonly database: DataSource) {}

  /**
   * Stores a key for a request that is idempotent by itself, so that no other request can use the key.
   * @throws DomainError unprocessable, when another request has used it
   */
  async claim({ key, fingerprint }: RequestKey): Promise<void> {
    const claimed = await runPrepared(this.database, CLAIM, [key, fingerprint]);
    if (claimed.length === 0) await this.find({ key, fingerprint }, 'key');
  }

  /**
   * Some columns of a key; nothing if it was deleted.
   * @throws DomainError unprocessable, when another request has used it
   */
  async find<Row extends object>(key: RequestKey, columns: string): Promise<Row | undefined> {
    const [found] = await runPrepared<Row & { fingerprint: string }>(
      this.database,
      {
        name: `idempotency-key-find ${columns}`,
        text: `SELECT fingerprint, ${columns} FROM idempotency_keys WHERE key = $1`,
      },
      [key.key],
    );
    if (found) requireSameRequest(key, found.fingerprint);
    return found;
  }

  /** Deletes up to `limit` keys from before `before`. @returns how many it deleted */
  async forget(before: Date, limit: number): Promise<number> {
    const [deleted] = await runPrepared<{ count: number }>(this.database, FORGET, [before, limit]);
    return deleted?.count ?? 0;
  }
}

/** Deletes idempotency keys a day after their first use. */
@Injectable()
export class ForgetIdempotencyKeys extends PeriodicJob {
  constructor(
    private readonly keys: IdempotencyKeys,
    private readonly clock: Clock,
  ) {
    super('forget-idempotency-keys', EVERY_MS);
  }

  protected override async run(stop: AbortSignal): Promise<void> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    let deleted = BATCH_SIZE;
    while (deleted === BATCH_SIZE && !stop.aborted)
      deleted = await this.keys.forget(before, BATCH_SIZE);
  }
}
