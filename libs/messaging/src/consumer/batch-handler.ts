import type { EventType } from '@equipmgnt/contracts';
import { withCorrelation } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { Backoff } from '../backoff.ts';
import { fromMessage, Unprocessable, type Received } from '../cloud-event.ts';
import { WakeableSleep } from '../wakeable-sleep.ts';
import type { ConsumerMetrics } from './consumer-metrics.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { Heartbeat } from './heartbeat.ts';
import { inOrder, type Delivery } from './in-order.ts';
import { isPermanent } from './is-permanent.ts';

/** Handles events of one type, in the order given, in one transaction. Must be idempotent. */
export type EventHandler = (events: readonly Received[]) => Promise<void>;

/** The batch was not finished, because the consumer stops or lost the partition. */
export class Interrupted extends Error {}

/** Passes a partition's batch to its handlers; resolves when all of it is handled. */
export class BatchHandler {
  private readonly logger = new Logger('Consumer');
  private readonly retryPause = new WakeableSleep();
  private stopped = false;
  private moving = 0;

  constructor(
    private readonly handlers: ReadonlyMap<EventType, EventHandler>,
    private readonly deadLetters: DeadLetters,
    private readonly metrics: ConsumerMetrics,
    private readonly heartbeatMs: number,
  ) {}

  /** Whether a transaction that moves dead letters, and commits their batch's offset, is in progress. */
  get isMovingDeadLetters(): boolean {
    return this.moving > 0;
  }

  /** Ends waiting for retries; a batch that cannot be handled now is interrupted. */
  stop(): void {
    this.stopped = true;
    this.retryPause.wake();
  }

  /**
   * Passes every event to its handler, with retries for as long as needed, and moves messages that can
   * never be handled to the dead-letter topic.
   * @throws Interrupted or a KafkaJSError when the rest must be delivered again
   */
  async handle(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    this.metrics.setLag(batch, Number(batch.offsetLagLow()) + 1);
    const { deliveries, rejected } = this.read(batch.topic, batch.messages);
    const heartbeat = new Heartbeat(payload, this.heartbeatMs);
    try {
      for (const group of inOrder(deliveries)) {
        heartbeat.check();
        await this.deliver(group, rejected, payload);
      }
      await this.moveToDeadLetterTopic(rejected, payload);
      heartbeat.check();
    } finally {
      heartbeat.stop();
    }
    this.metrics.setLag(batch, Number(batch.offsetLag()));
  }

  /** Parses messages; skips events without a handler here, and rejects those that are no events. */
  private read(topic: string, messages: readonly KafkaMessage[]) {
    const deliveries: Delivery[] = [];
    const rejected: DeadLetter[] = [];
    for (const message of messages) {
      try {
        const event = fromMessage(topic, message);
        if (event === undefined) this.metrics.skipped.inc({ topic });
        else if (this.handlers.has(event.type)) deliveries.push({ message, event });
      } catch (error) {
        if (!(error instanceof Unprocessable)) throw error;
        rejected.push({ message, code: error.code, reason: error.message });
      }
    }
    return { deliveries, rejected };
  }

  private async deliver(group: Delivery[], rejected: DeadLetter[], payload: EachBatchPayload) {
    const [first] = group;
    if (first === undefined) return;
    const { type } = first.event;
    const handler = this.handlers.get(type) as EventHandler;
    const backoff = new Backoff(100, 5_000);
    for (;;) {
      if (this.stopped || !payload.isRunning() || payload.isStale())
        throw new Interrupted('the consumer stops');
      try {
        await this.call(handler, group);
        this.metrics.handled.inc({ type }, group.length);
        return;
      } catch (error) {
        if (isPermanent(error)) return this.isolate(group, error, rejected, payload);
        this.metrics.retried.inc({ type });
        await this.pause(backoff, { err: error, type, events: group.length });
        await payload.heartbeat();
      }
    }
  }

  private async pause(backoff: Backoff, failure: object): Promise<void> {
    const wait = backoff.next();
    // the first failure of an outage, then about one a minute
    if (backoff.count % 12 === 1) this.logger.warn(failure, 'handling events failed, retrying');
    await this.retryPause.sleep(wait);
  }

  /** Delivers each event of a failed group alone, so that only the invalid one is rejected. */
  private async isolate(
    group: Delivery[],
    error: unknown,
    rejected: DeadLetter[],
    payload: EachBatchPayload,
  ): Promise<void> {
    const [only, ...others] = group;
    if (only !== undefined && others.length === 0) {
      rejected.push({ message: only.message, code: 'REFUSED', reason: String(error) });
      return;
    }
    for (const one of group) await this.deliver([one], rejected, payload);
  }

  private call(handler: EventHandler, group: Delivery[]): Promise<void> {
    const traceparentByKey = new Map<string, string>();
    for (const { event } of group) {
      if (event.traceparent) traceparentByKey.set(event.key, event.traceparent);
    }
    return withCorrelation({ traceparentByKey }, () => handler(group.map(({ event }) => event)));
  }

  private async moveToDeadLetterTopic(
    rejected: DeadLetter[],
    payload: EachBatchPayload,
  ): Promise<void> {
    if (rejected.length === 0) return;
    const { topic, partition } = payload.batch;
    for (const { message, code, reason } of rejected) {
      this.logger.error({ topic, partition, offset: message.offset, code, reason }, 'dead letter');
    }
    this.moving += 1;
    try {
      await this.deadLetters.move(topic, partition, payload.batch.lastOffset(), rejected);
    } finally {
      this.moving -= 1;
    }
  }
}
