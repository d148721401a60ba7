import type { MetricsRegistry } from '@equipmgnt/runtime';

/** What one application's relay counts. */
export class OutboxMetrics {
  readonly published;
  readonly parked;
  readonly batchSize;
  /** When the oldest event in the outbox happened, as far as this relay knows. */
  private oldest: Date | undefined;

  constructor(metrics: MetricsRegistry) {
    this.published = metrics.counter({
      name: 'outbox_published_total',
      help: 'Events that the relay has published and removed from the outbox',
    });
    this.parked = metrics.gauge({
      name: 'outbox_parked',
      help: 'Events in the outbox that cannot be published; later events of their keys wait behind them',
    });
    this.batchSize = metrics.histogram({
      name: 'outbox_batch_size',
      help: 'Events that the relay has published together',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    });
    const age = () => (this.oldest ? Math.max(0, Date.now() - this.oldest.getTime()) / 1_000 : 0);
    metrics.gauge({
      name: 'outbox_waiting_seconds',
      help: 'Age of the oldest event that this relay has not published yet; the time since its first failure if it cannot read the outbox',
      // when it is scraped, because one round of the relay may hang for long
      collect() {
        this.set(age());
      },
    });
  }

  waitingSince(oldest: Date | undefined): void {
    this.oldest = oldest;
  }

  nothingWaits(): void {
    this.oldest = undefined;
  }

  failed(): void {
    this.oldest ??= new Date();
  }
}
