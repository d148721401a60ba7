import { column, newKey, type Prepared } from '@equipmgnt/database';
import { eventRows, INTO_OUTBOX } from '@equipmgnt/messaging';
import { orderColumns, stateColumns } from './order.rows.ts';

const COLUMNS = orderColumns.select();
const newColumns = orderColumns.without('id');

/** New orders ($1), each with the data of its event without its id. */
const INPUT = `input AS (
    SELECT * FROM ${newColumns.recordset('$1', 'i', {
      seq: column.int(),
      event: column.jsonb(),
      traceparent: column.text(),
    })})`;

/** Inserts orders of `numbered` and their events. Returns their ids in the order of the input. */
const PLACED_WITH_EVENTS = `
  placed AS (
    INSERT INTO orders (id, ${newColumns.names})
    SELECT n.id, ${newColumns.from('n')} FROM numbered n),
  events AS (
    ${INTO_OUTBOX}
    SELECT 'equipmgnt.Ordered.v1', id, jsonb_build_object('orderId', id) || event, "orderedAt",
           traceparent
      FROM numbered ORDER BY id)
  SELECT id FROM numbered ORDER BY seq`;

/** In one round trip and one transaction. */
export const PLACE: Prepared = {
  name: 'order-place',
  text: `
  WITH ${INPUT},
  numbered AS (
    SELECT *, nextval(pg_get_serial_sequence('orders', 'id')) AS id FROM input),
  ${PLACED_WITH_EVENTS}`,
};

/** The same with an idempotency key ($2) and its fingerprint ($3). Returns no row when the key exists. */
export const PLACE_WITH_KEY: Prepared = {
  name: 'order-place-with-key',
  text: `
  WITH ${INPUT}, ${newKey('orders', '$2', '$3', 'order_id')},
  numbered AS (SELECT i.*, k.id FROM input i CROSS JOIN key k),
  ${PLACED_WITH_EVENTS}`,
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
