import type { EventType } from '@equipmgnt/contracts';
import type { MetricsRegistry } from '@equipmgnt/runtime';
import { DEAD_LETTER_CODES } from '../cloud-event.ts';

/** Messages of a partition that are not handled yet. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  readonly lag: number;
}

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
      help: 'Messages of a partition that the consumer group has not handled yet; of those that this consumer owns, and those that none owns',
      labelNames: ['topic', 'partition'],
    });
  }

  /**
   * Shows the counters of what this consumer reads from the start. Prometheus sees no increase in a counter
   * that begins with its first increment.
   */
  reads(topics: readonly string[], types: readonly EventType[]): void {
    for (const type of types) this.handled.inc({ type }, 0);
    for (const topic of topics) {
      for (const code of DEAD_LETTER_CODES) this.deadLettered.inc({ topic, code }, 0);
    }
  }

  /** Replaces all values: after a rebalance another consumer may own a partition. */
  setLag(partitions: readonly PartitionLag[]): void {
    this.lag.reset();
    for (const { topic, partition, lag } of partitions) this.lag.set({ topic, partition }, lag);
  }
}
