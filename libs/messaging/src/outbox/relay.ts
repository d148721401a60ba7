import type { MetricsRegistry } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { Backoff } from '../backoff.ts';
import { tracePublishing } from '../traces.ts';
import { WakeableSleep } from '../wakeable-sleep.ts';
import { OutboxMetrics } from './outbox-metrics.ts';
import { BATCH, OutboxRows } from './outbox-rows.ts';
import { publishInOrder, type Refused } from './publish-in-order.ts';
import type { Publisher } from './publisher.ts';

/** The safety net behind the nudges: finds rows of a replica that died, or of a missed nudge. */
const POLL_MS = 1_000;

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
 * at least once. A row that the broker will never accept is parked, and later rows of its key wait behind
 * it until an operator acts; all other rows go on.
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
    const parked: Refused[] = [];
    const round = await this.database.transaction(async (manager): Promise<Round> => {
      const outbox = new OutboxRows(manager);
      const { mine, parked: before } = await outbox.lock();
      this.metrics.parked.set(before);
      if (!mine) return 'busy';
      const rows = await outbox.pending();
      if (rows.length === 0) return 'drained';
      this.metrics.waitingSince(rows[0]?.occurredAt);
      const { published, refused } = await tracePublishing(rows, (traced) =>
        publishInOrder(this.publisher, this.source, traced),
      );
      await outbox.remove(published);
      for (const { row, reason } of refused) await outbox.park(row, reason);
      parked.push(...refused);
      this.metrics.published.inc(published.length);
      if (published.length > 0) this.metrics.batchSize.observe(published.length);
      return rows.length === BATCH ? 'published' : 'drained';
    });
    for (const each of parked) this.reportParked(each);
    return round;
  }

  private reportParked({ row: { id, topic, type, key }, reason }: Refused): void {
    this.metrics.parked.inc();
    this.logger.error(
      { id, topic, type, key, reason },
      'an event cannot be published and is parked; later events of its key wait',
    );
  }
}
