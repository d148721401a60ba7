import { events, type EventType, type Topic } from '@equipmgnt/contracts';
import { Logger } from '@nestjs/common';
import type { Message } from 'kafkajs';
import { Counter, Gauge } from 'prom-client';
import type { DataSource } from 'typeorm';
import { Alarm, Backoff } from '../backoff.ts';
import { toMessage, type StoredEvent } from '../cloud-event.ts';
import type { Publisher } from './publisher.ts';

/** Rows that one round takes: one batch to Kafka, one transaction. */
const BATCH = 500;
/** The safety net behind the nudges: rows of a replica that died, or of a missed nudge. */
const POLL_MS = 1_000;
/** One relay at a time in a database; any number that nothing else in it locks. */
const RELAY_LOCK = 7_301_945;

interface Row extends StoredEvent {
  readonly id: number;
}

type Round = 'published' | 'drained' | 'busy';

const published = new Counter({
  name: 'outbox_published_total',
  help: 'Events that the relay has published and removed from the outbox',
});

/** When the oldest event happened that the relay of this process knows to wait, if one does. */
let oldest: Date | undefined;
new Gauge({
  name: 'outbox_waiting_seconds',
  help: 'Age of the oldest event that this relay has yet to publish; since when it fails, if it cannot look',
  // at the moment of asking: a round may hang for long
  collect() {
    this.set(oldest ? Math.max(0, Date.now() - oldest.getTime()) / 1_000 : 0);
  },
});

/**
 * Publishes what is in the outbox, in the order of its ids, and removes what Kafka has. Of several
 * replicas one at a time does so, by an advisory lock that ends with its transaction, so that one
 * aggregate's events keep their order. A crash between publishing and removing publishes again:
 * delivery is at least once.
 *
 * It takes all rows that are there and keeps no cursor: ids are given out before commits, and a
 * cursor would step over those that commit late.
 */
export class OutboxRelay {
  private readonly logger = new Logger('Outbox');
  private readonly work = new Alarm();
  private readonly halt = new Alarm();
  private readonly failures = new Backoff(100, 5_000);
  private readonly rivals = new Backoff(5, POLL_MS);
  private stopped = false;
  private running: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly source: string,
    private readonly publisher: Publisher,
    private readonly pollMs = POLL_MS,
  ) {}

  /** Whether it is at work, as liveness wants to know. */
  get alive(): boolean {
    return this.running !== undefined;
  }

  start(): void {
    this.running = this.run().finally(() => (this.running = undefined));
  }

  /** There is something to publish. Call it after the commit; it costs nothing. */
  nudge(): void {
    this.work.ring();
  }

  /** Finishes the round in hand; what is left is published by another replica or the next start. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.work.ring();
    this.halt.ring();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.publisher.open(); // or no transaction is begun
        const round = await this.publishPending();
        if (this.failures.count > 0) this.logger.log('publishing again');
        this.failures.reset();
        if (round !== 'published') oldest = undefined;
        if (round === 'busy') await this.halt.sleep(this.rivals.next());
        else this.rivals.reset();
        if (round === 'drained') await this.work.sleep(this.pollMs);
      } catch (error) {
        oldest ??= new Date();
        const wait = this.failures.next();
        // the first of an outage, then about one a minute
        if (this.failures.count % 12 === 1) {
          this.logger.warn({ err: error }, 'cannot publish for now, events wait in the outbox');
        }
        await this.halt.sleep(wait);
      }
    }
  }

  private async publishPending(): Promise<Round> {
    return this.dataSource.transaction(async (manager) => {
      // The removal need not survive a crash of the database: then these are published again, which
      // is allowed. So its commit does not wait for the disk.
      const [{ mine }] = await manager.query(
        `SELECT pg_try_advisory_xact_lock($1) AS mine, set_config('synchronous_commit', 'off', true)`,
        [RELAY_LOCK],
      );
      if (!mine) return 'busy';
      const rows: Row[] = await manager.query(
        `SELECT id, event_id AS "eventId", type, key::text, data::text, occurred_at AS "occurredAt",
                traceparent
           FROM outbox ORDER BY id LIMIT ${BATCH}`,
      );
      if (rows.length === 0) return 'drained';
      oldest = rows[0]?.occurredAt;
      await this.publisher.publish(byTopic(this.source, rows));
      await manager.query(`DELETE FROM outbox WHERE id = ANY($1)`, [rows.map(({ id }) => id)]);
      published.inc(rows.length);
      return rows.length === BATCH ? 'published' : 'drained';
    });
  }
}

function byTopic(source: string, rows: readonly Row[]): { topic: string; messages: Message[] }[] {
  const messages = new Map<Topic, Message[]>();
  for (const row of rows) {
    const { topic } = events[row.type as EventType];
    const batch = messages.get(topic) ?? [];
    batch.push(toMessage(source, row));
    messages.set(topic, batch);
  }
  return [...messages].map(([topic, batch]) => ({ topic, messages: batch }));
}
