import { setTimeout as delay } from 'node:timers/promises';
import type { EventType } from '@equipmgnt/contracts';
import { isConnectionLost, isTooLarge } from '@equipmgnt/database';
import { traceIdOf, withCorrelation } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import type { Batch } from 'kafkajs';
import pLimit from 'p-limit';
import { Backoff } from '../backoff.ts';
import type { Received } from '../cloud-event.ts';
import type { ConsumerMetrics } from './consumer-metrics.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { inOrder, type Delivery } from './in-order.ts';
import { isPermanent } from './is-permanent.ts';
import { traceHandling } from '../traces.ts';
import { readBatch } from './read-batch.ts';
import type { StuckPartitions } from './stuck-partitions.ts';

/** Handles events of one type, in the order given, in one transaction. Must be idempotent. */
export type EventHandler = (events: readonly Received[]) => Promise<void>;

/** Concurrent handler calls: while one waits for its database's commit, others make progress. */
const CONCURRENCY = 4;
/** A group that has failed so often because its connection was lost may be too large for the database. */
const MAX_LOST_CONNECTIONS = 2;

export interface BatchHandlerOptions {
  readonly handlers: ReadonlyMap<EventType, EventHandler>;
  readonly deadLetters: DeadLetters;
  readonly metrics: ConsumerMetrics;
  readonly stuck: StuckPartitions;
}

/** What belongs to one batch while it is handled. */
interface Work {
  readonly batch: Batch;
  readonly signal: AbortSignal;
  readonly rejected: DeadLetter[];
}

interface RetryOptions {
  /** Whether another attempt is useless; the error is then thrown. */
  readonly isFinal?: (error: unknown) => boolean;
  readonly onFailure?: () => void;
  /** What the log line of a failure contains besides. */
  readonly about?: () => object;
}

/** Passes a partition's batch to its handlers; resolves when all of it is handled. */
export class BatchHandler {
  private readonly logger = new Logger('Consumer');
  private readonly limit = pLimit(CONCURRENCY);
  private moving = 0;

  constructor(private readonly options: BatchHandlerOptions) {}

  /** Whether a transaction that moves dead letters, and commits their batch's offset, is in progress. */
  get isMovingDeadLetters(): boolean {
    return this.moving > 0;
  }

  /**
   * Passes every event to its handler, with retries for as long as needed, and moves messages that can
   * never be handled to the dead-letter topic.
   * @throws the reason of the signal, when the rest must be delivered again
   */
  async handle(batch: Batch, signal: AbortSignal): Promise<void> {
    const { handlers, metrics, stuck } = this.options;
    const { topic, partition, messages } = batch;
    try {
      const { deliveries, rejected } = await this.retry({ batch, signal }, async () =>
        readBatch(topic, messages, (type) => handlers.has(type), metrics),
      );
      const work = { batch, signal, rejected };
      for (const group of inOrder(deliveries)) await this.deliver(group, work);
      await this.moveToDeadLetterTopic(work);
    } finally {
      stuck.remove(topic, partition);
    }
  }

  private async deliver(group: Delivery[], work: Work): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    work.signal.throwIfAborted();
    const { type } = first.event;
    let lost = 0;
    const mustSplit = (error: unknown): boolean => {
      if (isConnectionLost(error)) lost += 1;
      return isPermanent(error) || isTooLarge(error) || lost >= MAX_LOST_CONNECTIONS;
    };
    try {
      await this.retry(work, () => this.call(work.batch.topic, type, group), {
        isFinal: (error) => mustSplit(error) && (group.length > 1 || isHopeless(error)),
        onFailure: () => this.options.metrics.retried.inc({ type }),
        about: () => summaryOf(group),
      });
      this.options.metrics.handled.inc({ type }, group.length);
    } catch (error) {
      work.signal.throwIfAborted();
      await this.split(group, error, work);
    }
  }

  /**
   * Rejects an event that can never be handled. Of a group, only the event at fault is rejected: after a
   * permanent failure each event is delivered alone; a group that is too large is halved.
   */
  private async split(group: Delivery[], error: unknown, work: Work): Promise<void> {
    const [only, ...others] = group;
    if (only !== undefined && others.length === 0) {
      const code = isTooLarge(error) ? 'TOO_LARGE' : 'REFUSED';
      work.rejected.push({ message: only.message, code, reason: String(error) });
      return;
    }
    const size = isPermanent(error) ? 1 : Math.ceil(group.length / 2);
    for (let start = 0; start < group.length; start += size) {
      await this.deliver(group.slice(start, start + size), work);
    }
  }

  private async call(topic: string, type: EventType, group: Delivery[]): Promise<void> {
    const handler = this.options.handlers.get(type) as EventHandler;
    const events = group.map(({ event }) => event);
    await this.limit(() =>
      traceHandling(topic, events, (traceparentByKey) =>
        withCorrelation({ traceparentByKey }, () => handler(events)),
      ),
    );
  }

  private async moveToDeadLetterTopic(work: Work): Promise<void> {
    const { batch, rejected } = work;
    if (rejected.length === 0) return;
    const { topic, partition } = batch;
    for (const { message, code, reason } of rejected) {
      const { offset, key } = message;
      this.logger.error(
        { topic, partition, offset, key: key?.toString(), code, reason },
        'dead letter',
      );
    }
    await this.retry(work, async () => {
      this.moving += 1;
      try {
        await this.options.deadLetters.move(topic, partition, batch.lastOffset(), rejected);
      } finally {
        this.moving -= 1;
      }
    });
  }

  /** Repeats something until it succeeds, fails for good, or the signal is aborted. */
  private async retry<T>(
    { batch: { topic, partition }, signal }: Pick<Work, 'batch' | 'signal'>,
    attempt: () => Promise<T>,
    { isFinal, onFailure, about }: RetryOptions = {},
  ): Promise<T> {
    const backoff = new Backoff(100, 5_000);
    for (;;) {
      try {
        const result = await attempt();
        this.options.stuck.remove(topic, partition);
        return result;
      } catch (error) {
        if (isFinal?.(error)) throw error;
        onFailure?.();
        this.options.stuck.add(topic, partition, error as Error);
        const wait = backoff.next();
        // the first failure of an outage, then about one a minute
        if (backoff.count % 12 === 1) {
          this.logger.warn(
            { err: error, topic, partition, ...about?.() },
            'handling events failed, retrying',
          );
        }
        await delay(wait, undefined, { signal });
      }
    }
  }
}

/** Whether one event alone can never be handled. */
const isHopeless = (error: unknown): boolean => isPermanent(error) || isTooLarge(error);

/** Events of a group that a log line names. */
const NAMED = 10;

/** What a log line says about a group of events: their keys, such as order ids, and their traces. */
function summaryOf(group: readonly Delivery[]) {
  const named = group.slice(0, NAMED).map(({ event }) => event);
  return {
    type: named[0]?.type,
    events: group.length,
    keys: named.map(({ key }) => key),
    traceIds: named.flatMap(({ traceparent }) => (traceparent ? traceIdOf(traceparent) : [])),
  };
}
