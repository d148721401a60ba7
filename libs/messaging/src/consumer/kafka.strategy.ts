import { events, isEventType, type EventType } from '@equipmgnt/contracts';
import type { HealthReport, MetricsRegistry } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Kafka } from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import type { Topics } from '../topics.ts';
import { WakeableSleep } from '../wakeable-sleep.ts';
import { BatchHandler, type EventHandler } from './batch-handler.ts';
import { registerCodecs } from './codecs.ts';
import { ConsumerHealth } from './consumer-health.ts';
import { ConsumerMetrics } from './consumer-metrics.ts';
import { DeadLetters } from './dead-letters.ts';
import { measureLag } from './lag.ts';
import { Session } from './session.ts';
import { StuckPartitions } from './stuck-partitions.ts';

/** How often the lag is measured, and missing topics are looked for. */
const CHECK_INTERVAL_MS = 10_000;

export interface KafkaStrategyOptions {
  /** Consumer group: the service's name. */
  readonly group: string;
  readonly sessionTimeoutMs: number;
  readonly topics: Topics;
  readonly metrics: MetricsRegistry;
}

/**
 * Nest transport over kafkajs. A handler is `@EventPattern('equipmgnt.Ordered.v1')` and gets an array
 * of {@link Received} events of that type, to be handled in one transaction. Delivery is at least once;
 * only known events without a handler in this service, and events of other versions, are skipped.
 *
 * Nest's own Kafka transport loses events without a handler, retries a poison message for ever, and
 * awaits a commit after each fetch.
 */
export class KafkaStrategy extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  protected override readonly logger = new Logger('Consumer');

  private readonly stuck: StuckPartitions;
  private readonly health: ConsumerHealth;
  private readonly metrics: ConsumerMetrics;
  private readonly kafka: Kafka;
  private readonly deadLetters: DeadLetters;
  private readonly pause = new WakeableSleep();
  private session: Session | undefined;
  private supervision: Promise<void> | undefined;
  private checks: NodeJS.Timeout | undefined;
  private stopping = false;

  /**
   * @param newKafka makes a client. Dead letters use their own client: kafkajs would otherwise count the
   * offsets of a transaction as committed for every consumer of the same client, before the transaction
   * commits.
   */
  constructor(
    newKafka: () => Kafka,
    private readonly options: KafkaStrategyOptions,
  ) {
    super();
    registerCodecs();
    this.metrics = new ConsumerMetrics(options.metrics);
    this.stuck = new StuckPartitions(options.metrics);
    this.health = new ConsumerHealth(options.metrics, this.stuck);
    this.kafka = newKafka();
    this.deadLetters = new DeadLetters(newKafka(), options.group, this.metrics);
  }

  /** Starts to consume in the background: brokers may be unavailable at the start. */
  listen(callback: () => void): void {
    const handlers = this.eventHandlers();
    const { metrics, deadLetters, stuck } = this;
    const handler = new BatchHandler({ handlers, deadLetters, metrics, stuck });
    const topics = [...new Set([...handlers.keys()].map((type) => events[type].topic))];
    metrics.reads(topics, [...handlers.keys()]);
    this.supervision = this.supervise(topics, handler);
    callback();
  }

  /** Finishes the batches in progress, commits them and leaves the group. */
  async close(): Promise<void> {
    if (this.stopping) return this.supervision;
    this.stopping = true;
    this.pause.wake();
    await this.session?.stop();
    await this.supervision;
    await this.deadLetters.close();
  }

  report(): HealthReport {
    return this.health.report();
  }

  on(): never {
    throw new Error('this transport emits no events; see report()');
  }

  unwrap<T>(): T {
    return this.session?.consumer as T;
  }

  private eventHandlers(): Map<EventType, EventHandler> {
    return new Map(
      [...this.getHandlers()].map(([pattern, handler]) => {
        if (!isEventType(pattern))
          throw new Error(`@EventPattern('${pattern}'): no such event type`);
        return [
          pattern,
          async (received) => {
            const result = this.transformToObservable(await handler(received));
            await lastValueFrom(result, { defaultValue: undefined });
          },
        ];
      }),
    );
  }

  /** Consumes until `close`. kafkajs gives up after some failures; this starts again after each. */
  private async supervise(wanted: readonly string[], handler: BatchHandler): Promise<void> {
    while (!this.stopping) {
      try {
        await this.consume(wanted, handler);
      } catch (error) {
        await this.pause.sleep(this.health.failed(error as Error));
      } finally {
        clearInterval(this.checks);
        this.session = undefined;
      }
    }
  }

  private async consume(wanted: readonly string[], handler: BatchHandler): Promise<void> {
    const existing = await this.options.topics.ensure();
    if (this.stopping) return;
    const topics = wanted.filter((topic) => existing.has(topic));
    const missing = wanted.filter((topic) => !existing.has(topic));
    this.health.reads(topics, missing);
    if (topics.length === 0) {
      throw new Error(`none of its topics exists, or may be seen: ${missing.join(', ')}`);
    }
    const { kafka, health } = this;
    const { group, sessionTimeoutMs } = this.options;
    const session = new Session({ kafka, group, sessionTimeoutMs, topics, handler, health });
    this.session = session;
    this.checks = setInterval(() => void this.check(session, topics, missing), CHECK_INTERVAL_MS);
    await session.run();
  }

  /** Measures the lag, and starts again when a missing topic exists. */
  private async check(
    session: Session,
    topics: readonly string[],
    missing: readonly string[],
  ): Promise<void> {
    try {
      const lag = await measureLag(this.kafka, this.options.group, topics, session.assignment);
      if (session === this.session) this.metrics.setLag(lag);
      if (missing.length === 0) return;
      const existing = await this.options.topics.ensure();
      if (missing.some((topic) => existing.has(topic))) session.restart();
    } catch (error) {
      this.logger.debug({ err: error }, 'the lag was not measured');
    }
  }
}
