import { column, type Prepared } from '@equipmgnt/database';
import { eventRows, INTO_OUTBOX } from '@equipmgnt/messaging';
import { approvalColumns } from './approval.rows.ts';

const COLUMNS = approvalColumns.select();
const newColumns = approvalColumns.without('id');

/** What an update writes. A confirmation has its own rule, and approved_at never changes. */
const updatedColumns = newColumns.without('orderId', 'approvedAt', 'confirmedAt');

const INPUT = newColumns.recordset('$1', 'c', {
  seq: column.int(),
  loadedStatus: column.text(),
  loadedConfirmed: column.boolean(),
});

/** Approvals as JSON ($1), each with what it was when it was loaded; a new one has no such values. */
const CHANGE = `change AS (SELECT * FROM ${INPUT})`;

/**
 * ANY makes PostgreSQL look the ids up in the index. It expects 100 rows of a recordset, so for a join
 * alone it reads all of a small table, and a connection keeps that plan while the table grows.
 */
const IN_CHANGE = `= ANY (ARRAY(SELECT "orderId" FROM change))`;

/**
 * Inserts new approvals of orders that have none. The check before the insert keeps ids without gaps:
 * the sequence is used only for a new row. OFFSET 0 keeps it a look-up for each row instead of a join.
 * ON CONFLICT is for concurrent inserts.
 */
const ADDED = `added AS (
    INSERT INTO approvals (${newColumns.names})
    SELECT ${newColumns.from('change')}
      FROM change
     WHERE "loadedStatus" IS NULL
       AND NOT EXISTS (SELECT FROM approvals a WHERE a.order_id = change."orderId" OFFSET 0)
     ORDER BY seq
        ON CONFLICT (order_id) DO NOTHING
    RETURNING *)`;

/** One round trip; an existing approval is returned unchanged. */
export const FIND_OR_ADD: Prepared = {
  name: 'approval-find-or-add',
  text: `
  WITH ${CHANGE}, ${ADDED}
  SELECT ${COLUMNS}, true AS created FROM added
   UNION ALL
  SELECT ${COLUMNS}, false FROM approvals WHERE order_id ${IN_CHANGE}`,
};

/**
 * Saves new and changed approvals with their events ($2), each only where no other transaction has
 * created or changed it. Returns the order ids of those saved.
 */
export const SAVE: Prepared = {
  name: 'approval-save',
  text: `
  WITH ${CHANGE}, ${ADDED},
  updated AS (
    UPDATE approvals a
       SET ${updatedColumns.set('c')},
           confirmed_at = coalesce(a.confirmed_at, c."confirmedAt")
      FROM change c
     WHERE a.order_id ${IN_CHANGE} AND a.order_id = c."orderId" AND a.status = c."loadedStatus"
       AND (a.confirmed_at IS NOT NULL) = c."loadedConfirmed"
    RETURNING a.*),
  saved AS (SELECT * FROM added UNION ALL SELECT * FROM updated),
  events AS (
    ${INTO_OUTBOX}
    SELECT e.type, e.key, e.data || jsonb_build_object('approvalId', s.id), e.occurred_at,
           e.traceparent
      FROM ${eventRows('$2')} JOIN saved s ON s.order_id = e.key
     ORDER BY e.seq)
  SELECT order_id AS "orderId" FROM saved`,
};

export const OF_ORDERS: Prepared = {
  name: 'approval-of-orders',
  text: `SELECT ${COLUMNS} FROM approvals WHERE order_id = ANY($1)`,
};

export const FIND: Prepared = {
  name: 'approval-find',
  text: `SELECT ${COLUMNS} FROM approvals WHERE id = $1`,
};
