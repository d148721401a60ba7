import { eventRows, INTO_OUTBOX } from '@equipmgnt/messaging';

const COLUMNS = `id, stock, name, category, region, registered_at AS "registeredAt"`;

/** Equipment and event in one round trip. $1 stock, $2 name, $3 category, $4 region, $5 time,
 * $6 traceparent */
export const REGISTER = `
  WITH registered AS (
    INSERT INTO equipments (registered, stock, name, category, region, registered_at)
    VALUES ($1::int, $1::int, $2, $3, $4, $5::timestamptz)
    RETURNING *),
  told AS (
    ${INTO_OUTBOX}
    SELECT 'equipmgnt.EquipmentRegistered.v1', id,
           jsonb_strip_nulls(jsonb_build_object('equipmentId', id, 'stock', stock, 'name', name,
                                                'category', category, 'region', region)),
           registered_at, $6
      FROM registered)
  SELECT ${COLUMNS} FROM registered`;

export const FIND = `SELECT ${COLUMNS} FROM equipments WHERE id = $1`;

/** In the order of the ids, so that two batches never wait for each other. */
export const LOCK = `SELECT ${COLUMNS} FROM equipments WHERE id = ANY($1) ORDER BY id FOR UPDATE`;

export const LEDGER_OF = `
  SELECT order_id AS "orderId", direction, equipment_id AS "equipmentId", qty, outcome, at
    FROM stock_ledger WHERE order_id = ANY($1)`;

/**
 * Movements ($1), ledger lines ($2) and events ($3), in one round trip. Stock moves only where it
 * does not fall below 0, and a line is written only where there is none; the answer counts both, so
 * that less than all is noticed.
 */
export const SAVE = `
  WITH moved AS (
    UPDATE equipments e SET stock = e.stock + m.units
      FROM jsonb_to_recordset($1::jsonb) AS m(id bigint, units int)
     WHERE e.id = m.id AND e.stock + m.units >= 0
    RETURNING e.id),
  written AS (
    INSERT INTO stock_ledger (order_id, direction, equipment_id, qty, outcome, at)
    SELECT "orderId", direction, "equipmentId", qty, outcome, at
      FROM jsonb_to_recordset($2::jsonb) AS
           l("orderId" bigint, direction text, "equipmentId" bigint, qty int, outcome text,
             at timestamptz)
        ON CONFLICT DO NOTHING
    RETURNING order_id),
  told AS (
    ${INTO_OUTBOX}
    SELECT e.type, e.key, e.data, e.occurred_at, e.traceparent FROM ${eventRows('$3')} ORDER BY e.seq)
  SELECT (SELECT count(*) FROM moved)::int AS moved, (SELECT count(*) FROM written)::int AS written`;
