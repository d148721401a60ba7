import { eventRows, INTO_OUTBOX } from '@equipmgnt/messaging';

const COLUMNS = `id, order_id AS "orderId", equipment_id AS "equipmentId", qty, status, reason,
  approved_at AS "approvedAt", cancelled_at AS "cancelledAt", rejected_at AS "rejectedAt",
  confirmed_at AS "confirmedAt"`;

/** Approvals as JSON ($1), each with what it was when it was loaded; a new one has no such values. */
const CHANGE = `change AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS
      c(seq int, "orderId" bigint, "equipmentId" bigint, qty int, status text, reason text,
        "approvedAt" timestamptz, "cancelledAt" timestamptz, "rejectedAt" timestamptz,
        "confirmedAt" timestamptz, "loadedStatus" text, "loadedConfirmed" boolean))`;

/**
 * Inserts new approvals of orders that have none. The check before the insert keeps ids without gaps:
 * the sequence is used only for a new row. ON CONFLICT is for concurrent inserts.
 */
const ADDED = `added AS (
    INSERT INTO approvals
           (order_id, equipment_id, qty, status, reason, approved_at, cancelled_at, rejected_at,
            confirmed_at)
    SELECT "orderId", "equipmentId", qty, status, reason, "approvedAt", "cancelledAt", "rejectedAt",
           "confirmedAt"
      FROM change
     WHERE "loadedStatus" IS NULL
       AND NOT EXISTS (SELECT FROM approvals a WHERE a.order_id = change."orderId")
     ORDER BY seq
        ON CONFLICT (order_id) DO NOTHING
    RETURNING *)`;

/** One round trip; an existing approval is returned unchanged. */
export const FIND_OR_ADD = `
  WITH ${CHANGE}, ${ADDED}
  SELECT ${COLUMNS}, true AS created FROM added
   UNION ALL
  SELECT ${COLUMNS}, false FROM approvals WHERE order_id IN (SELECT "orderId" FROM change)`;

/**
 * Saves new and changed approvals with their events ($2), each only where no other transaction has
 * created or changed it. Returns the order ids of those saved.
 */
export const SAVE = `
  WITH ${CHANGE}, ${ADDED},
  updated AS (
    UPDATE approvals a
       SET equipment_id = c."equipmentId", qty = c.qty, status = c.status, reason = c.reason,
           cancelled_at = c."cancelledAt", rejected_at = c."rejectedAt",
           confirmed_at = coalesce(a.confirmed_at, c."confirmedAt")
      FROM change c
     WHERE a.order_id = c."orderId" AND a.status = c."loadedStatus"
       AND (a.confirmed_at IS NOT NULL) = c."loadedConfirmed"
    RETURNING a.*),
  saved AS (SELECT * FROM added UNION ALL SELECT * FROM updated),
  events AS (
    ${INTO_OUTBOX}
    SELECT e.type, e.key, e.data || jsonb_build_object('approvalId', s.id), e.occurred_at,
           e.traceparent
      FROM ${eventRows('$2')} JOIN saved s ON s.order_id = e.key
     ORDER BY e.seq)
  SELECT order_id AS "orderId" FROM saved`;

export const OF_ORDERS = `SELECT ${COLUMNS} FROM approvals WHERE order_id = ANY($1)`;

export const FIND = `SELECT ${COLUMNS} FROM approvals WHERE id = $1`;
