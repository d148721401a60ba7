import { eventRows, INTO_OUTBOX } from '@equipmgnt/messaging';

const COLUMNS = `id, equipment_id AS "equipmentId", qty, status, approval_id AS "approvalId", reason,
  ordered_at AS "orderedAt", approved_at AS "approvedAt", cancelled_at AS "cancelledAt",
  rejected_at AS "rejectedAt"`;

/** $1 equipment id, $2 qty, $3 time, $4 traceparent */
const PLACED_WITH_EVENT = (idAndSource: { columns: string; values: string }) => `
  placed AS (
    INSERT INTO orders (${idAndSource.columns} equipment_id, qty, status, ordered_at)
    SELECT ${idAndSource.values}
    RETURNING *),
  events AS (
    ${INTO_OUTBOX}
    SELECT 'equipmgnt.Ordered.v1', id,
           jsonb_build_object('orderId', id, 'equipmentId', equipment_id, 'qty', qty), ordered_at, $4
      FROM placed)
  SELECT ${COLUMNS} FROM placed`;

/** Inserts the order and its event, in one round trip and one transaction. */
export const PLACE = `WITH ${PLACED_WITH_EVENT({
  columns: '',
  values: `$1::bigint, $2::int, 'ORDERED', $3::timestamptz`,
})}`;

/**
 * The same with an idempotency key ($5) and its fingerprint ($6). Returns no row when the key exists.
 * A concurrent request with the same key waits here until the first one commits. An existing key uses
 * no order id: the sequence is used only for a new key.
 */
export const PLACE_WITH_KEY = `
  WITH key AS (
    INSERT INTO idempotency_keys (key, fingerprint, order_id, created_at)
    SELECT $5, $6, nextval(pg_get_serial_sequence('orders', 'id')), $3::timestamptz
     WHERE NOT EXISTS (SELECT FROM idempotency_keys WHERE key = $5)
        ON CONFLICT (key) DO NOTHING
    RETURNING order_id),
  ${PLACED_WITH_EVENT({
    columns: 'id,',
    values: `order_id, $1::bigint, $2::int, 'ORDERED', $3::timestamptz FROM key`,
  })}`;

export const FIND_KEY = `
  SELECT fingerprint, answer, order_id AS "orderId" FROM idempotency_keys WHERE key = $1`;

/** Keeps the first answer. */
export const KEEP_ANSWER = `
  WITH kept AS (
    UPDATE idempotency_keys SET answer = coalesce(answer, $2::jsonb) WHERE key = $1 RETURNING answer)
  SELECT answer FROM kept`;

export const FORGET_KEYS = `
  WITH deleted AS (
    DELETE FROM idempotency_keys WHERE key IN (
      SELECT key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2
         FOR UPDATE SKIP LOCKED)
    RETURNING 1)
  SELECT count(*)::int AS count FROM deleted`;

export const FIND = `SELECT ${COLUMNS} FROM orders WHERE id = ANY($1)`;

/**
 * Saves changed orders ($1) with their events ($2), each only where the status is still the one that
 * the order was loaded with. Returns the ids of those saved.
 */
export const SAVE = `
  WITH change AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS
      c(id bigint, "loadedStatus" text, status text, "approvalId" bigint, reason text,
        "approvedAt" timestamptz, "cancelledAt" timestamptz, "rejectedAt" timestamptz)),
  saved AS (
    UPDATE orders o
       SET status = c.status, approval_id = c."approvalId", reason = c.reason,
           approved_at = c."approvedAt", cancelled_at = c."cancelledAt",
           rejected_at = c."rejectedAt"
      FROM change c
     WHERE o.id = c.id AND o.status = c."loadedStatus"
    RETURNING o.id),
  events AS (
    ${INTO_OUTBOX}
    SELECT e.type, e.key, e.data, e.occurred_at, e.traceparent
      FROM ${eventRows('$2')} JOIN saved ON saved.id = e.key
     ORDER BY e.seq)
  SELECT id FROM saved`;
