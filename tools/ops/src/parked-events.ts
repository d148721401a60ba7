import type pg from 'pg';

/** An event in an outbox that the relay has parked, or that waits behind a parked one of its key. */
export interface ParkedEvent {
  readonly id: string;
  readonly topic: string;
  readonly type: string;
  readonly key: string;
  readonly data: unknown;
  readonly occurredAt: Date;
  /** When and why the relay parked it; null for an event that waits behind another one. */
  readonly parkedAt: Date | null;
  readonly reason: string | null;
}

const LIST = `
  SELECT id::text, topic, type, key::text, data, occurred_at AS "occurredAt", parked_at AS "parkedAt",
         parked_reason AS reason
    FROM outbox
   WHERE key IN (SELECT key FROM outbox WHERE parked_at IS NOT NULL)
   ORDER BY id`;

const RELEASE = `
  UPDATE outbox SET parked_at = NULL, parked_reason = NULL
   WHERE parked_at IS NOT NULL AND ($1::bigint[] IS NULL OR id = ANY($1)) RETURNING id::text`;

/** All events of one outbox that wait for an operator, in the order in which they will be published. */
export const listParked = async (database: pg.Client): Promise<ParkedEvent[]> =>
  (await database.query<ParkedEvent>(LIST)).rows;

/**
 * Lets the relay try again to publish parked events, and then those that wait behind them.
 * @param ids of parked events; all of them if it is not given
 * @returns the ids of the released events
 */
export async function release(database: pg.Client, ids?: readonly string[]): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(RELEASE, [ids ?? null]);
  return rows.map(({ id }) => id);
}
