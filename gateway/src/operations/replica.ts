import { readMetrics, type Sample } from './metrics-text.ts';

type Metrics = ReadonlyMap<string, readonly Sample[]>;
type Matches = (labels: Sample['labels']) => boolean;

const all: Matches = () => true;

/** What one process of a service says about itself, again and again. */
export class Replica {
  private earlier: { readonly metrics: Metrics; readonly readAt: number } | undefined;

  /** @param readAt in ms */
  constructor(
    private metrics: Metrics,
    public readAt: number,
  ) {}

  update(metrics: Metrics, readAt: number): void {
    this.earlier = { metrics: this.metrics, readAt: this.readAt };
    this.metrics = metrics;
    this.readAt = readAt;
  }

  of(name: string): readonly Sample[] {
    return this.metrics.get(name) ?? [];
  }

  max(name: string): number {
    return Math.max(0, ...this.of(name).map(({ value }) => value));
  }

  sum(name: string, matches = all): number {
    return sumOf(this.metrics, name, matches);
  }

  /** How much a counter grows in a second; 0 when it was read for the first time. */
  rate(name: string, matches = all): number {
    if (this.earlier === undefined) return 0;
    const growth = this.sum(name, matches) - sumOf(this.earlier.metrics, name, matches);
    return Math.max(0, growth) / ((this.readAt - this.earlier.readAt) / 1_000);
  }
}

/** The replicas of a service, as far as it has answered. */
export class Replicas {
  private readonly byInstance = new Map<string, Replica>();

  /** @param text the metrics of the replica that has answered this time */
  add(text: string, now: number): void {
    const metrics = readMetrics(text);
    const instance = metrics.get('service_info')?.[0]?.labels['instance'] ?? 'unknown';
    const known = this.byInstance.get(instance);
    if (known) known.update(metrics, now);
    else this.byInstance.set(instance, new Replica(metrics, now));
  }

  /** Those that have answered lately. A load balancer chooses another one each time. */
  recent(now: number, withinMs: number): Replica[] {
    for (const [instance, { readAt }] of this.byInstance) {
      if (now - readAt > withinMs) this.byInstance.delete(instance);
    }
    return [...this.byInstance.values()];
  }
}

const sumOf = (metrics: Metrics, name: string, matches: Matches): number =>
  (metrics.get(name) ?? [])
    .filter(({ labels }) => matches(labels))
    .reduce((total, { value }) => total + value, 0);
