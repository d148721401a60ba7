import type { MetricsRegistry } from '@equipmgnt/runtime';
import type { Batch } from 'kafkajs';

/** What one application's consumer counts. */
export class ConsumerMetrics {
  readonly handled;
  readonly retried;
  readonly deadLettered;
  readonly skipped;
  private readonly lag;

  constructor(metrics: MetricsRegistry) {
    this.handled = metrics.counter({
      name: 'messages_handled_total',
      help: 'Events whose handler has committed its effect',
      labelNames: ['type'],
    });
    this.retried = metrics.counter({
      name: 'messages_retried_total',
      help: 'Failed attempts to handle a group of events that will be retried',
      labelNames: ['type'],
    });
    this.deadLettered = metrics.counter({
      name: 'messages_dead_lettered_total',
      help: 'Messages that were moved to a dead-letter topic',
      labelNames: ['topic', 'code'],
    });
    this.skipped = metrics.counter({
      name: 'events_skipped_total',
      help: 'Events of this suite whose type or version this build does not know',
      labelNames: ['topic'],
    });
    this.lag = metrics.gauge({
      name: 'consumer_lag',
      help: 'Messages of a partition that this consumer has not handled yet',
      labelNames: ['topic', 'partition'],
    });
  }

  /** @param unhandled messages of the batch's partition, including those being handled */
  setLag({ topic, partition }: Batch, unhandled: number): void {
    this.lag.set({ topic, partition }, Math.max(0, unhandled));
  }

  /** Forgets the lag of all partitions: another consumer may own them after a rebalance. */
  forgetLag(): void {
    this.lag.reset();
  }
}
