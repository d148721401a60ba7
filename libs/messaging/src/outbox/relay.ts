import { events, type EventType, type Topic } from '@equipmgnt/contracts';
import type { MetricsRegistry } from '@equipmgnt/runtime';
import { runPrepared } from '@equipmgnt/database';
import { Logger } from '@nestjs/common';
import type { Message } from 'kafkajs';
import type { DataSource } from 'typeorm';
import { Backoff } from '../backoff.ts';
import { toMessage, type StoredEvent } from '../cloud-event.ts';
import { WakeableSleep } from '../wakeable-sleep.ts';
import { OutboxMetrics } from './outbox-metrics.ts';
import type { Publisher } from './publisher.ts';

/** Rows of one round: one batch to Kafka, one transaction. */
const BATCH = 500;
/** The safety net behind the nudges: finds rows of a replica that died, or of a missed nudge. */
const POLL_MS = 1_000;
/** One relay at a time in a database; nothing else in it locks this number. */
const RELAY_LOCK = 7_301_945;

const LOCK = {
  name: 'outbox-lock',
  // If the database crashes and loses the removal, the events are published again, which is allowed. So
  // this commit does not wait for the disk.
  text: `SELECT pg_try_advisory_xact_lock($1) AS mine, set_config('synchronous_commit', 'off', true)`,
};
const PENDING = {
  name: 'outbox-pending',
  text: `SELECT id, event_id AS "eventId", type, key::text, data::text, occurred_at AS "occurredAt",
                traceparent
           FROM outbox ORDER BY id LIMIT ${BATCH}`,
};
const REMOVE = { name: 'outbox-remove', text: 'DELETE FROM outbox WHERE id = ANY($1)' };

interface Row extends StoredEvent {
  readonly id: number;
}

type Round = 'published' | 'drained' | 'busy';

export interface RelayOptions {
  readonly database: DataSource;
  /** The `ce_source` of the events. */
  readonly source: string;
  readonly publisher: Publisher;
  readonly metrics: MetricsRegistry;
  readonly pollMs?: number;
}

/**
 * Publishes the rows of the outbox in the order of their ids, and removes those that Kafka has. One
 * replica at a time does so, by an advisory lock that ends with its transaction, so that the events of
 * one aggregate keep their order. A crash between publishing and removing publishes again: delivery is
 * at least once.
 *
 * Each round reads from the start and keeps no cursor: ids are assigned before commits, and a cursor
 * would skip rows that commit late.
 */
export class OutboxRelay {
  private readonly logger = new Logger('Outbox');
  private readonly database: DataSource;
  private readonly source: string;
  private readonly publisher: Publisher;
  private readonly metrics: OutboxMetrics;
  private readonly pollMs: number;
  private readonly idlePause = new WakeableSleep();
  private readonly retryPause = new WakeableSleep();
  private readonly failures = new Backoff(100, 5_000);
  private readonly lockRetries = new Backoff(5, POLL_MS);
  private stopped = false;
  private running: Promise<void> | undefined;

  constructor({ database, source, publisher, metrics, pollMs = POLL_MS }: RelayOptions) {
    this.database = database;
    this.source = source;
    this.publisher = publisher;
    this.metrics = new OutboxMetrics(metrics);
    this.pollMs = pollMs;
  }

  /** Whether it is running, for the liveness check. */
  get alive(): boolean {
    return this.running !== undefined;
  }

  start(): void {
    this.running = this.run().finally(() => (this.running = undefined));
  }

  /** Publishes without waiting for the next poll. Call it after the commit; it costs nothing. */
  nudge(): void {
    this.idlePause.wake();
  }

  /** Finishes the current round; another replica, or the next start, publishes what is left. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.idlePause.wake();
    this.retryPause.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.publisher.open(); // before a transaction begins
        const round = await this.publishPending();
        if (this.failures.count > 0) this.logger.log('publishing works again');
        this.failures.reset();
        await this.pauseAfter(round);
      } catch (error) {
        this.metrics.failed();
        await this.pauseAfterFailure(error);
      }
    }
  }

  private async pauseAfter(round: Round): Promise<void> {
    if (round !== 'published') this.metrics.nothingWaits();
    if (round === 'busy') return this.retryPause.sleep(this.lockRetries.next());
    this.lockRetries.reset();
    if (round === 'drained') await this.idlePause.sleep(this.pollMs);
  }

  private async pauseAfterFailure(error: unknown): Promise<void> {
    const wait = this.failures.next();
    // the first failure of an outage, then about one a minute
    if (this.failures.count % 12 === 1) {
      this.logger.warn({ err: error }, 'publishing failed, retrying; events wait in the outbox');
    }
    await this.retryPause.sleep(wait);
  }

  private async publishPending(): Promise<Round> {
    return this.database.transaction(async (manager) => {
      const [lock] = await runPrepared<{ mine: boolean }>(manager, LOCK, [RELAY_LOCK]);
      if (!lock?.mine) return 'busy';
      const rows = await runPrepared<Row>(manager, PENDING, []);
      if (rows.length === 0) return 'drained';
      this.metrics.waitingSince(rows[0]?.occurredAt);
      await this.publisher.publish(byTopic(this.source, rows));
      await runPrepared(manager, REMOVE, [rows.map(({ id }) => id)]);
      this.metrics.published.inc(rows.length);
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
