import type { EventType } from '@equipmgnt/contracts';
import { DomainError } from '@equipmgnt/kernel';
import { isDataError } from '@equipmgnt/database';
import { withCorrelation } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import type { Batch, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { Counter, Gauge } from 'prom-client';
import { Alarm, Backoff } from '../backoff.ts';
import { fromMessage, Unprocessable, type Received } from '../cloud-event.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { inOrder, type Delivery } from './in-order.ts';

/** Handles events of one type, in the order given, in one transaction. Safe to be called again. */
export type EventHandler = (events: readonly Received[]) => Promise<void>;

const handled = new Counter({
  name: 'messages_handled_total',
  help: 'Events whose handler has committed its effect',
  labelNames: ['type'],
});
const retried = new Counter({
  name: 'messages_retried_total',
  help: 'Attempts to handle a group of events that failed for the moment',
  labelNames: ['type'],
});
const lag = new Gauge({
  name: 'consumer_lag',
  help: 'Messages of a partition that this consumer has not handled yet',
  labelNames: ['topic', 'partition'],
});

/** @param left messages of the batch's partition that are not handled, those in hand included */
const showLag = ({ topic, partition }: Batch, left: number): void =>
  lag.set({ topic, partition }, Math.max(0, left));

/** Forgets the lag of partitions, which may be others' from now on. */
export const forgetLag = (): void => lag.reset();

/** The batch was left half way, because the consumer stops or lost the partition. */
export class Interrupted extends Error {}

/** Takes a partition's batch through its handlers; resolves when all of it is done for good. */
export class BatchHandler {
  private readonly logger = new Logger('Consumer');
  private readonly halt = new Alarm();
  private stopped = false;
  private buryingCount = 0;

  constructor(
    private readonly handlers: ReadonlyMap<EventType, EventHandler>,
    private readonly deadLetters: DeadLetters,
    private readonly heartbeatMs: number,
  ) {}

  /** Whether dead letters are on the move, with the offset of their batch. */
  get burying(): boolean {
    return this.buryingCount > 0;
  }

  /** Ends waiting for retries; the batch in hand is given up if it cannot be handled now. */
  stop(): void {
    this.stopped = true;
    this.halt.ring();
  }

  /**
   * Hands every event to its handler, for as long as it takes, and moves what can never be handled
   * to the dead-letter topic.
   * @throws Interrupted or a KafkaJSError when the rest is to be delivered again
   */
  async handle(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    showLag(batch, Number(batch.offsetLagLow()) + 1);
    const { deliveries, letters } = this.read(batch.topic, batch.messages);
    const pulse = this.keepHeartbeat(payload);
    try {
      for (const group of inOrder(deliveries)) {
        pulse.check();
        await this.deliver(group, letters, payload);
      }
      await this.bury(letters, payload);
      pulse.check();
    } finally {
      pulse.end();
    }
    showLag(batch, Number(batch.offsetLag()));
  }

  /** Sorts out what no handler here waits for, and what can be no event at all. */
  private read(topic: string, messages: readonly KafkaMessage[]) {
    const deliveries: Delivery[] = [];
    const letters: DeadLetter[] = [];
    for (const message of messages) {
      try {
        const event = fromMessage(topic, message);
        if (this.handlers.has(event.type)) deliveries.push({ message, event });
      } catch (error) {
        if (!(error instanceof Unprocessable)) throw error;
        letters.push({ message, code: error.code, reason: error.message });
      }
    }
    return { deliveries, letters };
  }

  private async deliver(group: Delivery[], letters: DeadLetter[], payload: EachBatchPayload) {
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
        handled.inc({ type }, group.length);
        return;
      } catch (error) {
        if (canNeverWork(error)) return this.isolate(group, error, letters, payload);
        retried.inc({ type });
        const wait = backoff.next();
        // the first of an outage, then about one a minute
        if (backoff.count % 12 === 1) {
          this.logger.warn(
            { err: error, type, events: group.length },
            'cannot handle for now, will retry',
          );
        }
        await this.halt.sleep(wait);
        await payload.heartbeat();
      }
    }
  }

  /** One bad event must not take its group along: each is tried alone. */
  private async isolate(
    group: Delivery[],
    error: unknown,
    letters: DeadLetter[],
    payload: EachBatchPayload,
  ): Promise<void> {
    const [only, ...others] = group;
    if (only !== undefined && others.length === 0) {
      letters.push({ message: only.message, code: 'REFUSED', reason: String(error) });
      return;
    }
    for (const one of group) await this.deliver([one], letters, payload);
  }

  private call(handler: EventHandler, group: Delivery[]): Promise<void> {
    const traceparentByKey = new Map<string, string>();
    for (const { event } of group) {
      if (event.traceparent) traceparentByKey.set(event.key, event.traceparent);
    }
    return withCorrelation({ traceparentByKey }, () => handler(group.map(({ event }) => event)));
  }

  private async bury(letters: DeadLetter[], payload: EachBatchPayload): Promise<void> {
    if (letters.length === 0) return;
    const { topic, partition } = payload.batch;
    for (const { message, code, reason } of letters) {
      this.logger.error({ topic, partition, offset: message.offset, code, reason }, 'dead letter');
    }
    this.buryingCount += 1;
    try {
      await this.deadLetters.move(topic, partition, payload.batch.lastOffset(), letters);
    } finally {
      this.buryingCount -= 1;
    }
  }

  /** The group must know that we live also while a handler takes its time. */
  private keepHeartbeat(payload: EachBatchPayload) {
    let failure: unknown;
    const timer = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => (failure = error));
    }, this.heartbeatMs);
    return {
      /** @throws what the last heartbeat failed with, such as a rebalance */
      check: () => {
        if (failure !== undefined) throw failure;
      },
      end: () => clearInterval(timer),
    };
  }
}

/**
 * Whether the event itself is to blame: the domain or a constraint refuses its data, or our code
 * fails on it. Everything else is taken for an outage and retried, since that loses nothing.
 */
function canNeverWork(error: unknown): boolean {
  return (
    error instanceof DomainError ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    isDataError(error)
  );
}
