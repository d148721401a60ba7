import { runPrepared, type Prepared } from '@equipmgnt/database';
import type { EntityManager } from 'typeorm';
import type { StoredEvent } from '../cloud-event.ts';

/** Rows of one round: one batch to Kafka, one transaction. */
export const BATCH = 500;
/** One relay at a time in a database; nothing else in it locks this number. */
const RELAY_LOCK = 7_301_945;

export interface OutboxRow extends StoredEvent {
  readonly id: number;
  readonly topic: string;
}

// If the database crashes and loses the removal, the events are published again, which is allowed. So
// this commit does not wait for the disk.
const LOCK: Prepared = {
  name: 'outbox-lock',
  text: `
  SELECT pg_try_advisory_xact_lock($1) AS mine, set_config('synchronous_commit', 'off', true),
         (SELECT count(*)::int FROM outbox WHERE parked_at IS NOT NULL) AS parked`,
};

// A later event of the same key waits behind a parked one.
const PENDING: Prepared = {
  name: 'outbox-pending',
  text: `
  SELECT id, event_id AS "eventId", topic, type, key::text, data::text, occurred_at AS "occurredAt",
         traceparent
    FROM outbox
   WHERE parked_at IS NULL
     AND key <> ALL (ARRAY(SELECT key FROM outbox WHERE parked_at IS NOT NULL))
   ORDER BY id LIMIT ${BATCH}`,
};

const REMOVE: Prepared = { name: 'outbox-remove', text: 'DELETE FROM outbox WHERE id = ANY($1)' };

const PARK: Prepared = {
  name: 'outbox-park',
  text: 'UPDATE outbox SET parked_at = now(), parked_reason = $2 WHERE id = $1',
};

/** The outbox as one transaction of the relay sees it. */
export class OutboxRows {
  constructor(private readonly manager: EntityManager) {}

  /** Takes the relay's lock until the end of the transaction, unless another replica has it. */
  async lock(): Promise<{ mine: boolean; parked: number }> {
    const [state] = await runPrepared<{ mine: boolean; parked: number }>(this.manager, LOCK, [
      RELAY_LOCK,
    ]);
    if (!state) throw new Error('a SELECT without FROM returned no row');
    return state;
  }

  /** The first rows that can be published, in the order of their ids. */
  pending(): Promise<OutboxRow[]> {
    return runPrepared(this.manager, PENDING, []);
  }

  async remove(rows: readonly OutboxRow[]): Promise<void> {
    await runPrepared(this.manager, REMOVE, [rows.map(({ id }) => id)]);
  }

  async park({ id }: OutboxRow, reason: string): Promise<void> {
    await runPrepared(this.manager, PARK, [id, reason]);
  }
}
