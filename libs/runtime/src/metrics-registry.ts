import { Injectable } from '@nestjs/common';
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type CounterConfiguration,
  type GaugeConfiguration,
  type HistogramConfiguration,
  type RegistryContentType,
} from 'prom-client';
import { isTracing } from './tracing.ts';

type Unregistered<C> = Omit<C, 'registers'>;

/**
 * The metrics of one application. Each application has its own instance, so that two applications in
 * one process count separately. Metrics are made with the methods below: prom-client's constructors
 * would register them with a registry that the whole process shares.
 */
@Injectable()
export class MetricsRegistry {
  private readonly registry = new Registry<RegistryContentType>();

  constructor() {
    // only this format has exemplars: ids of traces beside durations
    if (isTracing()) this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  }

  /** @throws Error when the name is taken */
  counter<L extends string>(configuration: Unregistered<CounterConfiguration<L>>): Counter<L> {
    return new Counter({ ...configuration, registers: [this.registry] });
  }

  /** @throws Error when the name is taken */
  gauge<L extends string>(configuration: Unregistered<GaugeConfiguration<L>>): Gauge<L> {
    return new Gauge({ ...configuration, registers: [this.registry] });
  }

  /** @throws Error when the name is taken */
  histogram<L extends string>(
    configuration: Unregistered<HistogramConfiguration<L>>,
  ): Histogram<L> {
    return new Histogram({ ...configuration, registers: [this.registry] });
  }

  /** Adds the metrics of the process itself: CPU, memory, event loop, garbage collection. */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** The format of {@link text}. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** All metrics. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
