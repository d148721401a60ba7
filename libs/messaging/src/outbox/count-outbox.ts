import { PeriodicJob } from '@equipmgnt/database';
import { MetricsRegistry } from '@equipmgnt/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const EVERY_MS = 10_000;

/** Counts the events in the outbox for operators; the relay only sees the next ones. */
@Injectable()
export class CountOutbox extends PeriodicJob {
  private readonly rows;

  constructor(
    private readonly database: DataSource,
    metrics: MetricsRegistry,
  ) {
    super('count-outbox', EVERY_MS);
    this.rows = metrics.gauge({
      name: 'outbox_rows',
      help: 'Events in the outbox, counted every 10 s; each replica counts all of them',
    });
  }

  override async run(): Promise<void> {
    const [{ rows }] = await this.database.query('SELECT count(*)::int AS rows FROM outbox');
    this.rows.set(rows);
  }
}
