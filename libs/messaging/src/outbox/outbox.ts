import { events, type EventType } from '@equipmgnt/contracts';
import { traceparentFor } from '@equipmgnt/runtime';

/**
 * An event that a state change causes, to be written in the same statement. `data` may omit values that
 * only the database knows, such as a new row's id; the statement then adds them.
 */
export interface RecordedFact {
  readonly type: EventType;
  readonly data: object;
  readonly at: Date;
}

/**
 * The start of an INSERT into the outbox. It is one of the `WITH` parts of the statement that changes the
 * state, so that both happen or neither.
 */
export const INTO_OUTBOX = 'INSERT INTO outbox (type, key, data, occurred_at, traceparent)';

/** The events of {@link eventsParameter} as rows `e`, numbered by `seq` in the order given. */
export const eventRows = (parameter: string): string =>
  `jsonb_to_recordset(${parameter}::jsonb) AS
     e(seq int, type text, key bigint, data jsonb, occurred_at timestamptz, traceparent text)`;

/** Facts as one JSON parameter, each with its Kafka key and its trace. */
export const eventsParameter = (facts: readonly RecordedFact[]): string =>
  JSON.stringify(
    facts.map(({ type, data, at }, seq) => {
      const key = (data as Record<string, unknown>)[events[type].key];
      const traceparent = traceparentFor(String(key));
      return { seq, type, key, data, occurred_at: at, traceparent };
    }),
  );
