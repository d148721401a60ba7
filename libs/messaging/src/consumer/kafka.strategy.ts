import { setTimeout as delay } from 'node:timers/promises';
import { events, isEventType, type EventType } from '@equipmgnt/contracts';
import type { HealthReport, MetricsRegistry } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Consumer, ConsumerConfig, EachBatchPayload, Kafka } from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import { Backoff } from '../backoff.ts';
import { CLIENT_RETRY } from '../kafka.ts';
import { WakeableSleep } from '../wakeable-sleep.ts';
import { BatchHandler, Interrupted, type EventHandler } from './batch-handler.ts';
import { ConsumerHealth, isBrokerUnavailable } from './consumer-health.ts';
import { ConsumerMetrics } from './consumer-metrics.ts';
import { DeadLetters } from './dead-letters.ts';
import { OffsetCommits } from './offset-commits.ts';

/** Joining may take as long as the broker waits for a dead member; stopping does not wait longer. */
const MAX_JOINING_MS = 3_000;
/** Partitions handled concurrently: while one waits for its database's commit, others make progress. */
const CONCURRENCY = 4;

export interface KafkaStrategyOptions {
  /** Consumer group: the service's name. */
  readonly group: string;
  readonly sessionTimeoutMs: number;
  /** Creates the topics if they are missing. */
  readonly ready: () => Promise<void>;
  readonly metrics: MetricsRegistry;
}

/**
 * Nest transport over kafkajs. A handler is `@EventPattern('equipmgnt.Ordered.v1')` and gets an array
 * of {@link Received} events of that type, to be handled in one transaction. Delivery is at least once;
 * only known events without a handler in this service are skipped.
 *
 * Nest's own Kafka transport loses events without a handler, retries a poison message for ever, and
 * awaits a commit after each fetch.
 */
export class KafkaStrategy extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  protected override readonly logger = new Logger('Consumer');

  private readonly health = new ConsumerHealth();
  private readonly metrics: ConsumerMetrics;
  private readonly kafka: Kafka;
  private readonly deadLetters: DeadLetters;
  private readonly restartPause = new WakeableSleep();
  private readonly commits = new OffsetCommits(() => this.batches?.isMovingDeadLetters ?? false);
  private batches: BatchHandler | undefined;
  private consumer: Consumer | undefined;
  private joining: Promise<void> | undefined;
  private supervision: Promise<void> | undefined;
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
    this.metrics = new ConsumerMetrics(options.metrics);
    this.kafka = newKafka();
    this.deadLetters = new DeadLetters(newKafka(), options.group, this.metrics);
  }

  /** Starts to consume in the background: brokers may be unavailable at the start. */
  listen(callback: () => void): void {
    const handlers = this.eventHandlers();
    const heartbeatMs = this.options.sessionTimeoutMs / 3;
    this.batches = new BatchHandler(handlers, this.deadLetters, this.metrics, heartbeatMs);
    const topics = [...new Set([...handlers.keys()].map((type) => events[type].topic))];
    this.supervision = this.supervise(topics, this.batches);
    callback();
  }

  /** Finishes the batches in progress, commits them and leaves the group. */
  async close(): Promise<void> {
    if (this.stopping) return this.supervision;
    this.stopping = true;
    this.restartPause.wake();
    // kafkajs cannot stop a consumer while it joins: the consumer would join afterwards
    await Promise.race([
      this.joining?.catch(() => undefined),
      delay(MAX_JOINING_MS, undefined, { ref: false }),
    ]);
    await this.commits.flush();
    this.batches?.stop();
    await this.consumer?.disconnect();
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
    return this.consumer as T;
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

  /** Consumes until `close`. kafkajs gives up after some crashes; this starts again after each. */
  private async supervise(topics: string[], batches: BatchHandler): Promise<void> {
    const backoff = new Backoff(500, 10_000);
    while (!this.stopping) {
      try {
        await this.options.ready();
        if (this.stopping) return;
        const crash = await this.consume(topics, batches, () => backoff.reset());
        if (crash) throw crash;
      } catch (error) {
        this.health.stopped(error as Error);
        const wait = backoff.next();
        if (!isBrokerUnavailable(error))
          this.logger.error({ err: error }, 'the consumer crashed, restarting it');
        else if (backoff.count === 1)
          this.logger.warn({ err: error }, 'no broker is available, retrying');
        await this.restartPause.sleep(wait);
      }
    }
  }

  /** @returns the cause of a crash, or nothing when the consumer was stopped */
  private async consume(
    topics: string[],
    batches: BatchHandler,
    onJoin: () => void,
  ): Promise<Error | undefined> {
    const consumer = this.kafka.consumer(consumerConfig(this.options));
    const ended = this.observe(consumer, onJoin);
    this.commits.start();
    this.consumer = consumer;
    try {
      this.joining = this.join(consumer, topics, batches);
      await this.joining;
      return await ended;
    } finally {
      this.commits.stop();
      this.consumer = undefined;
      await consumer.disconnect().catch(() => undefined);
    }
  }

  /** @returns a promise of the consumer's end: the cause of a crash, or nothing when it was stopped */
  private observe(consumer: Consumer, onJoin: () => void): Promise<Error | undefined> {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.health.joined();
      this.metrics.forgetLag();
      onJoin();
      this.logger.log({ assignment: payload.memberAssignment }, 'joined the consumer group');
    });
    consumer.on(consumer.events.HEARTBEAT, () => this.health.active());
    consumer.on(consumer.events.FETCH, () => this.health.active());
    return new Promise((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error));
      // it also disconnects before it reports a crash
      consumer.on(consumer.events.DISCONNECT, () => this.stopping && resolve(undefined));
    });
  }

  private async join(consumer: Consumer, topics: string[], batches: BatchHandler): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENCY,
      eachBatch: (payload) => this.onBatch(payload, batches),
    });
  }

  private async onBatch(payload: EachBatchPayload, batches: BatchHandler): Promise<void> {
    try {
      await batches.handle(payload);
    } catch (error) {
      if (error instanceof Interrupted) return; // not resolved, so delivered again
      throw error;
    }
    payload.resolveOffset(payload.batch.lastOffset());
    this.commits.handled(payload);
    if (!payload.isRunning()) await this.commits.flush(); // the timer has stopped
  }
}

const consumerConfig = ({ group, sessionTimeoutMs }: KafkaStrategyOptions): ConsumerConfig => ({
  groupId: group,
  sessionTimeout: sessionTimeoutMs,
  heartbeatInterval: Math.floor(sessionTimeoutMs / 3),
  rebalanceTimeout: 2 * sessionTimeoutMs,
  allowAutoTopicCreation: false,
  maxWaitTimeInMs: 1_000,
  retry: { ...CLIENT_RETRY, restartOnFailure: async () => false },
});
