import type { MetricsRegistry } from '@equipmgnt/runtime';

interface Stuck {
  readonly topic: string;
  readonly partition: number;
  readonly since: number;
  readonly error: string;
}

/** The partitions whose current batch has failed and is retried. */
export class StuckPartitions {
  private readonly stuck = new Map<string, Stuck>();

  constructor(metrics: MetricsRegistry) {
    const all = this.stuck;
    metrics.gauge({
      name: 'consumer_stuck_seconds',
      help: 'How long a partition of this consumer has waited for a batch that fails again and again',
      labelNames: ['topic', 'partition'],
      collect() {
        this.reset();
        for (const { topic, partition, since } of all.values()) {
          this.set({ topic, partition }, (Date.now() - since) / 1_000);
        }
      },
    });
  }

  add(topic: string, partition: number, { message }: Error): void {
    const since = this.stuck.get(nameOf(topic, partition))?.since ?? Date.now();
    this.stuck.set(nameOf(topic, partition), { topic, partition, since, error: message });
  }

  remove(topic: string, partition: number): void {
    this.stuck.delete(nameOf(topic, partition));
  }

  report(): { topic: string; partition: number; error: string; seconds: number }[] {
    return [...this.stuck.values()].map(({ since, ...rest }) => ({
      ...rest,
      seconds: Math.round((Date.now() - since) / 1_000),
    }));
  }
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;
