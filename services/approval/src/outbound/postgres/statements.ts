import { eventRows, INTO_OUTBOX } from '@equipmgnt/messaging';

const COLUMNS = `id, order_id AS "orderId", equipment_id AS "equipmentId", qty, status, reason,
  approved_at AS "approvedAt", cancelled_at AS "cancelledAt", rejected_at AS "rejectedAt"`;

/** Approvals given as JSON ($1). `was` is the status that each was loaded with, if it was. */
const CHANGE = `change AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS
      c(seq int, "orderId" bigint, "equipmentId" bigint, qty int, was text, status text, reason text,
        "approvedAt" timestamptz, "cancelledAt" timestamptz, "rejectedAt" timestamptz))`;

/**
 * New approvals of orders that have none. The check before the insert keeps ids without gaps: the
 * sequence is asked only for what is new. The conflict is for those who ask at the same moment.
 */
const ADDED = `added AS (
    INSERT INTO approvals
           (order_id, equipment_id, qty, status, reason, approved_at, cancelled_at, rejected_at)
    SELECT "orderId", "equipmentId", qty, status, reason, "approvedAt", "cancelledAt", "rejectedAt"
      FROM change
     WHERE was IS NULL
       AND NOT EXISTS (SELECT FROM approvals a WHERE a.order_id = change."orderId")
     ORDER BY seq
        ON CONFLICT (order_id) DO NOTHING
    RETURNING *)`;

/** Publishes the events of saved approvals, with their ids. */
const tell = (saved: string, events: string) => `
    ${INTO_OUTBOX}
    SELECT e.type, e.key, e.data || jsonb_build_object('approvalId', s.id), e.occurred_at, e.traceparent
      FROM ${eventRows(events)} JOIN ${saved} s ON s.order_id = e.key
     ORDER BY e.seq`;

/** Approval and event in one round trip and one transaction; what exists is answered as it is. */
export const OBTAIN = `
  WITH ${CHANGE}, ${ADDED}, told AS (${tell('added', '$2')})
  SELECT ${COLUMNS}, true AS created FROM added
   UNION ALL
  SELECT ${COLUMNS}, false FROM approvals WHERE order_id IN (SELECT "orderId" FROM change)`;

/** New and changed approvals, each only where nobody else was faster. Answers their order ids. */
export const SAVE = `
  WITH ${CHANGE}, ${ADDED},
  updated AS (
    UPDATE approvals a
       SET status = c.status, reason = c.reason, cancelled_at = c."cancelledAt",
           rejected_at = c."rejectedAt"
      FROM change c
     WHERE a.order_id = c."orderId" AND a.status = c.was
    RETURNING a.*),
  saved AS (SELECT * FROM added UNION ALL SELECT * FROM updated),
  told AS (${tell('saved', '$2')})
  SELECT order_id AS "orderId" FROM saved`;

/** The events ($1) of approvals that are there already. */
export const TELL = tell('approvals', '$1');

export const OF_ORDERS = `SELECT ${COLUMNS} FROM approvals WHERE order_id = ANY($1)`;

export const FIND = `SELECT ${COLUMNS} FROM approvals WHERE id = $1`;
