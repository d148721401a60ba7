import { ID_FROM_KEY, ID_FROM_SEQUENCE, newKey, type Prepared } from '@equipmgnt/database';
import { eventRows, INTO_OUTBOX } from '@equipmgnt/messaging';
import { equipmentColumns, ledgerColumns } from './equipment.rows.ts';

const COLUMNS = equipmentColumns.select();
const newColumns = equipmentColumns.without('id');

/** New equipment ($1) and its event ($2), which gets the new id. */
const REGISTERED_WITH_EVENT = (id: typeof ID_FROM_SEQUENCE) => `
  registered AS (
    INSERT INTO equipments (${id.column}registered, ${newColumns.names})
    SELECT ${id.value}n.stock, ${newColumns.from('n')}
      FROM ${newColumns.recordset('$1', 'n')}${id.from}
    RETURNING *),
  events AS (
    ${INTO_OUTBOX}
    SELECT e.type, r.id, e.data || jsonb_build_object('equipmentId', r.id), e.occurred_at, e.traceparent
      FROM registered r CROSS JOIN ${eventRows('$2')})
  SELECT ${COLUMNS} FROM registered`;

/** One round trip. */
export const REGISTER: Prepared = {
  name: 'equipment-register',
  text: `WITH ${REGISTERED_WITH_EVENT(ID_FROM_SEQUENCE)}`,
};

/** The same with an idempotency key ($3) and its fingerprint ($4). Returns no row when the key exists. */
export const REGISTER_WITH_KEY: Prepared = {
  name: 'equipment-register-with-key',
  text: `
  WITH ${newKey('equipments', '$3', '$4')}, ${REGISTERED_WITH_EVENT(ID_FROM_KEY)}`,
};

/** Equipment as it was registered. Only its stock changes later. */
export const FIND_REGISTERED: Prepared = {
  name: 'equipment-find-registered',
  text: `
  SELECT ${equipmentColumns.without('stock').select()}, registered AS stock
    FROM equipments WHERE id = $1`,
};

export const FIND: Prepared = {
  name: 'equipment-find',
  text: `SELECT ${COLUMNS} FROM equipments WHERE id = $1`,
};

/** Locks in the order of the ids, so that two batches cannot deadlock. */
export const LOCK: Prepared = {
  name: 'equipment-lock',
  text: `SELECT ${COLUMNS} FROM equipments WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
};

export const LEDGER_OF: Prepared = {
  name: 'equipment-ledger-of',
  text: `SELECT ${ledgerColumns.select()} FROM stock_ledger WHERE order_id = ANY($1)`,
};

/**
 * Movements ($1), ledger entries ($2) and events ($3), in one round trip. Stock changes only where it
 * does not fall below 0, and an entry is written only where there is none. The answer counts both, so
 * that the caller notices what was skipped. ANY makes PostgreSQL look the ids up in the index, where a
 * join alone would read all of a small table.
 */
export const SAVE: Prepared = {
  name: 'equipment-save',
  text: `
  WITH movement AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS i(id bigint, units int)),
  moved AS (
    UPDATE equipments e SET stock = e.stock + m.units
      FROM movement m
     WHERE e.id = ANY (ARRAY(SELECT id FROM movement)) AND e.id = m.id AND e.stock + m.units >= 0
    RETURNING e.id),
  written AS (
    INSERT INTO stock_ledger (${ledgerColumns.names})
    SELECT ${ledgerColumns.from('l')} FROM ${ledgerColumns.recordset('$2', 'l')}
        ON CONFLICT DO NOTHING
    RETURNING order_id),
  events AS (
    ${INTO_OUTBOX}
    SELECT e.type, e.key, e.data, e.occurred_at, e.traceparent FROM ${eventRows('$3')} ORDER BY e.seq)
  SELECT (SELECT count(*) FROM moved)::int AS moved, (SELECT count(*) FROM written)::int AS written`,
};
