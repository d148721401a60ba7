import { setTimeout as delay } from 'node:timers/promises';
import { events, isEventType, type EventType } from '@equipmgnt/contracts';
import type { HealthReport } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import { Alarm, Backoff } from '../backoff.ts';
import { CLIENT_RETRY } from '../kafka.ts';
import { BatchHandler, forgetLag, Interrupted, type EventHandler } from './batch-handler.ts';
import { ConsumerHealth, isBrokerAway } from './consumer-health.ts';
import { DeadLetters } from './dead-letters.ts';

const COMMIT_INTERVAL_MS = 500;
/** Joining may take as long as the broker waits for a member that died; stopping does not. */
const MAX_JOINING_MS = 3_000;
/** Partitions handled at once: while one waits for its database's commit, others work. */
const CONCURRENCY = 4;

export interface KafkaStrategyOptions {
  /** Consumer group: the service's name. */
  readonly group: string;
  readonly sessionTimeoutMs: number;
  /** Makes sure that the topics are there. */
  readonly ready: () => Promise<void>;
}

/**
 * Nest transport over kafkajs. A handler is `@EventPattern('equipmgnt.Ordered.v1')` and gets an array
 * of {@link Received} events of that type to handle in one transaction. Delivery is at least once;
 * nothing is skipped but known events that this service has no handler for.
 *
 * Nest's own Kafka transport loses events without a handler, retries a poison message for ever, and
 * awaits a commit after each fetch.
 */
export class KafkaStrategy extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  protected override readonly logger = new Logger('Consumer');

  private readonly health = new ConsumerHealth();
  private readonly kafka: Kafka;
  private readonly deadLetters: DeadLetters;
  private readonly halt = new Alarm();
  private batches: BatchHandler | undefined;
  private consumer: Consumer | undefined;
  private joining: Promise<void> | undefined;
  private supervision: Promise<void> | undefined;
  private stopping = false;
  /** Commits what is handled, of the group generation that it was handled in; set by each batch. */
  private commitHandled: (() => Promise<void>) | undefined;

  /**
   * @param newKafka makes a client object. Dead letters have one of their own: what a transaction is
   * about to commit, kafkajs notes as committed for every consumer of the same object.
   */
  constructor(
    newKafka: () => Kafka,
    private readonly options: KafkaStrategyOptions,
  ) {
    super();
    this.kafka = newKafka();
    this.deadLetters = new DeadLetters(newKafka(), options.group);
  }

  /** Begins to consume, in the background: brokers may come later than we do. */
  listen(callback: () => void): void {
    const handlers = this.eventHandlers();
    this.batches = new BatchHandler(handlers, this.deadLetters, this.options.sessionTimeoutMs / 3);
    const topics = [...new Set([...handlers.keys()].map((type) => events[type].topic))];
    this.supervision = this.supervise(topics, this.batches);
    callback();
  }

  /** Finishes the batches in hand, commits them and leaves the group. */
  async close(): Promise<void> {
    if (this.stopping) return this.supervision;
    this.stopping = true;
    this.halt.ring();
    // kafkajs cannot stop a consumer that is joining: it would go on to join afterwards
    await Promise.race([
      this.joining?.catch(() => undefined),
      delay(MAX_JOINING_MS, undefined, { ref: false }),
    ]);
    await this.commit();
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

  /** Consumes until told to stop. kafkajs gives up after some crashes; we begin anew after each. */
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
        if (!isBrokerAway(error))
          this.logger.error({ err: error }, 'the consumer crashed, starting it again');
        else if (backoff.count === 1) this.logger.warn({ err: error }, 'no broker, waiting for it');
        await this.halt.sleep(wait);
      }
    }
  }

  /** @returns why it crashed, or nothing when it was stopped */
  private async consume(
    topics: string[],
    batches: BatchHandler,
    onJoin: () => void,
  ): Promise<Error | undefined> {
    const { group, sessionTimeoutMs } = this.options;
    const consumer = this.kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.floor(sessionTimeoutMs / 3),
      rebalanceTimeout: 2 * sessionTimeoutMs,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: 1_000,
      retry: { ...CLIENT_RETRY, restartOnFailure: async () => false },
    });
    const ended = new Promise<Error | undefined>((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error));
      // it disconnects before it reports a crash, too
      consumer.on(consumer.events.DISCONNECT, () => this.stopping && resolve(undefined));
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.health.joined();
      forgetLag();
      onJoin();
      this.logger.log({ assignment: payload.memberAssignment }, 'joined the consumer group');
    });
    consumer.on(consumer.events.HEARTBEAT, () => this.health.sign());
    consumer.on(consumer.events.FETCH, () => this.health.sign());
    const commits = setInterval(() => void this.commit(), COMMIT_INTERVAL_MS);
    this.consumer = consumer;
    try {
      this.joining = this.join(consumer, topics, batches);
      await this.joining;
      return await ended;
    } finally {
      clearInterval(commits);
      this.commitHandled = undefined;
      this.consumer = undefined;
      await consumer.disconnect().catch(() => undefined);
    }
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
    this.commitHandled = () => payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
    if (!payload.isRunning()) await this.commit(); // the timer does no more for us
  }

  /**
   * Runs on a timer instead of after each batch, which takes a round trip out of every message's
   * way. A commit that fails is made up for by the next, or by delivery of the same again. None is
   * made while dead letters move, whose transaction commits their batch's offset: it would set that
   * back to where the partition stood before.
   */
  private async commit(): Promise<void> {
    if (this.batches?.burying) return;
    const commit = this.commitHandled;
    this.commitHandled = undefined;
    await commit?.().catch((error: unknown) => {
      this.logger.debug({ err: error }, 'offsets not committed');
    });
  }
}
