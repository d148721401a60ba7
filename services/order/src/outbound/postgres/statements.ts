import { column, ID_FROM_KEY, ID_FROM_SEQUENCE, newKey } from '@equipmgnt/database';
import { eventRows, INTO_OUTBOX } from '@equipmgnt/messaging';
import { orderColumns, stateColumns } from './order.rows.ts';

const COLUMNS = orderColumns.select();
const newColumns = orderColumns.without('id');

/** $1 the new order, $2 the data of its event without its id, $3 traceparent */
const PLACED_WITH_EVENT = (id: typeof ID_FROM_SEQUENCE) => `
  placed AS (
    INSERT INTO orders (${id.column}${newColumns.names})
    SELECT ${id.value}${newColumns.from('n')} FROM input n${id.from}
    RETURNING *),
  events AS (
    ${INTO_OUTBOX}
    SELECT 'equipmgnt.Ordered.v1', id,
           jsonb_build_object('orderId', id) || $2::jsonb, ordered_at, $3
      FROM placed)
  SELECT ${COLUMNS} FROM placed`;

const INPUT = `input AS (SELECT * FROM ${newColumns.recordset('$1', 'i')})`;

/** Inserts the order and its event, in one round trip and one transaction. */
export const PLACE = `WITH ${INPUT}, ${PLACED_WITH_EVENT(ID_FROM_SEQUENCE)}`;

/** The same with an idempotency key ($4) and its fingerprint ($5). Returns no row when the key exists. */
export const PLACE_WITH_KEY = `
  WITH ${INPUT}, ${newKey('orders', '$4', '$5', 'order_id')}, ${PLACED_WITH_EVENT(ID_FROM_KEY)}`;

/** Keeps the first answer. */
export const KEEP_ANSWER = `
  WITH kept AS (
    UPDATE idempotency_keys SET answer = coalesce(answer, $2::jsonb) WHERE key = $1 RETURNING answer)
  SELECT answer FROM kept`;

export const FIND = `SELECT ${COLUMNS} FROM orders WHERE id = ANY($1)`;

/**
 * Saves changed orders ($1) with their events ($2), each only where the status is still the one that
 * the order was loaded with. Returns the ids of those saved.
 */
export const SAVE = `
  WITH saved AS (
    UPDATE orders o
       SET ${stateColumns.set('c')}
      FROM ${orderColumns.recordset('$1', 'c', { loadedStatus: column.text() })}
     WHERE o.id = c.id AND o.status = c."loadedStatus"
    RETURNING o.id),
  events AS (
    ${INTO_OUTBOX}
    SELECT e.type, e.key, e.data, e.occurred_at, e.traceparent
      FROM ${eventRows('$2')} JOIN saved ON saved.id = e.key
     ORDER BY e.seq)
  SELECT id FROM saved`;
