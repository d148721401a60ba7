import type { HealthReport, MetricsRegistry } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import { Backoff } from '../backoff.ts';
import { isBrokerProblem } from '../kafka-errors.ts';
import type { StuckPartitions } from './stuck-partitions.ts';

/** A running consumer fetches, or fails to, every few seconds; after this long without either it hangs. */
const MAX_INACTIVE_MS = 60_000;
/** After so long without a failure a consumer works, also if there was no message to handle. */
const STABLE_MS = 60_000;

type State = 'connecting' | 'consuming' | 'waiting for brokers' | 'crashed';

/**
 * What the consumer of this process does. Liveness covers only what a restart can fix: a consumer that
 * hangs. A broker that does not answer or refuses, and messages that cannot be read, stay the same after a
 * restart; `detail`, the metrics and the log show them.
 */
export class ConsumerHealth {
  private readonly logger = new Logger('Consumer');
  private readonly pauses = new Backoff(500, 10_000);
  private state: State = 'connecting';
  private error: string | undefined;
  /** How it failed last, until it works again. */
  private failure: State | undefined;
  private lastActive = Date.now();
  private since = Date.now();
  private topics: readonly string[] = [];
  private missing: readonly string[] = [];

  constructor(
    metrics: MetricsRegistry,
    private readonly stuck: StuckPartitions,
  ) {
    const failures = () => this.pauses.count;
    metrics.gauge({
      name: 'consumer_failures',
      help: 'How often the consumer has failed as a whole since it last handled a message',
      collect() {
        this.set(failures());
      },
    });
  }

  /** @param missing topics that it should read, and that do not exist */
  reads(topics: readonly string[], missing: readonly string[]): void {
    this.topics = topics;
    if (missing.length > 0 && missing.join() !== this.missing.join()) {
      this.logger.warn({ topics: missing }, 'topics are missing; the consumer reads the others');
    }
    this.missing = missing;
  }

  /** It has joined its group. This is no success yet: it may crash at the first message. */
  joined(assignment: Record<string, number[]>): void {
    this.active();
    this.since = Date.now();
    if (this.state === 'consuming' || this.pauses.count === 0) {
      this.logger.log({ assignment }, 'joined the consumer group');
    }
    this.state = 'consuming';
  }

  /** It has fetched, or sent a heartbeat, or noticed that a broker does not answer. */
  active(): void {
    this.lastActive = Date.now();
    if (this.state === 'consuming' && Date.now() - this.since > STABLE_MS) this.handled();
  }

  /** It has handled messages. */
  handled(): void {
    if (this.pauses.count > 0) this.logger.log('the consumer works again');
    this.pauses.reset();
    this.error = undefined;
    this.failure = undefined;
  }

  /**
   * It has failed as a whole. Logs a change of the state, and then less and less often.
   * @returns how many ms to wait before it starts again
   */
  failed(error: Error): number {
    const wait = this.pauses.next();
    const { count } = this.pauses;
    this.state = isBrokerProblem(error) ? 'waiting for brokers' : 'crashed';
    const isNew = this.state !== this.failure;
    this.failure = this.state;
    this.error = error.message;
    this.active();
    const details = { err: error, topics: this.topics, failures: count };
    if (this.state === 'crashed') {
      if (isNew || Number.isInteger(Math.log2(count))) {
        this.logger.error(details, 'the consumer crashed, restarting it');
      }
    } else if (isNew) {
      this.logger.warn(details, 'waiting for brokers');
    }
    return wait;
  }

  report(): HealthReport {
    const hangs = this.state === 'consuming' && Date.now() - this.lastActive > MAX_INACTIVE_MS;
    const stuck = this.stuck.report();
    return {
      up: !hangs,
      detail: {
        state: hangs ? 'hanging' : this.state,
        ...(this.error && { error: this.error, failures: this.pauses.count, topics: this.topics }),
        ...(this.missing.length > 0 && { missingTopics: this.missing }),
        ...(stuck.length > 0 && { stuck }),
      },
    };
  }
}
