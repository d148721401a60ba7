import { column, ID_FROM_KEY, ID_FROM_SEQUENCE, newKey, type Prepared } from '@equipmgnt/database';
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
export const PLACE: Prepared = {
  name: 'order-place',
  text: `WITH ${INPUT}, ${PLACED_WITH_EVENT(ID_FROM_SEQUENCE)}`,
};

/** The same with an idempotency key ($4) and its fingerprint ($5). Returns no row when the key exists. */
export const PLACE_WITH_KEY: Prepared = {
  name: 'order-place-with-key',
  text: `
  WITH ${INPUT}, ${newKey('orders', '$4', '$5', 'order_id')}, ${PLACED_WITH_EVENT(ID_FROM_KEY)}`,
};

/** Keeps the first answer. */
export const KEEP_ANSWER: Prepared = {
  name: 'order-keep-answer',
  text: `
  WITH kept AS (
    UPDATE idempotency_keys SET answer = coalesce(answer, $2::jsonb) WHERE key = $1 RETURNING answer)
  SELECT answer FROM kept`,
};

export const FIND: Prepared = {
  name: 'order-find',
  text: `SELECT ${COLUMNS} FROM orders WHERE id = ANY($1)`,
};

/**
 * Saves changed orders ($1) with their events ($2), each only where the status is still the one that
 * the order was loaded with. Returns the ids of those saved.
 *
 * ANY makes PostgreSQL look the ids up in the index. It expects 100 rows of a recordset, so for a join
 * alone it reads all of a small table, and a connection keeps that plan while the table grows.
 */
export const SAVE: Prepared = {
  name: 'order-save',
  text: `
  WITH change AS (
    SELECT * FROM ${orderColumns.recordset('$1', 'i', { loadedStatus: column.text() })}),
  saved AS (
    UPDATE orders o
       SET ${stateColumns.set('c')}
      FROM change c
     WHERE o.id = ANY (ARRAY(SELECT id FROM change)) AND o.id = c.id AND o.status = c."loadedStatus"
    RETURNING o.id),
  events AS (
    ${INTO_OUTBOX}
    SELECT e.type, e.key, e.data, e.occurred_at, e.traceparent
      FROM ${eventRows('$2')} JOIN saved ON saved.id = e.key
     ORDER BY e.seq)
  SELECT id FROM saved`,
};
