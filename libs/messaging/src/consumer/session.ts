import { Logger } from '@nestjs/common';
import type { Consumer, ConsumerConfig, Kafka } from 'kafkajs';
import { CLIENT_RETRY } from '../kafka.ts';
import type { BatchHandler } from './batch-handler.ts';
import { Batches } from './batches.ts';
import type { ConsumerHealth } from './consumer-health.ts';
import { OffsetCommits } from './offset-commits.ts';

/** Joining may take as long as the broker waits for a dead member; stopping does not wait longer. */
const MAX_JOINING_MS = 3_000;
/** How soon a consumer notices new partitions, and that a topic was deleted. */
const METADATA_MAX_AGE_MS = 30_000;
/** Batches that kafkajs passes on at the same time. */
const CONCURRENCY = 4;

export interface SessionOptions {
  readonly kafka: Kafka;
  readonly group: string;
  readonly sessionTimeoutMs: number;
  /** The topics to read, which exist. */
  readonly topics: readonly string[];
  readonly handler: BatchHandler;
  readonly health: ConsumerHealth;
}

/** One kafkajs consumer, from its connection to its end. */
export class Session {
  /** The partitions that the group has assigned to it, by topic. */
  assignment: Readonly<Record<string, readonly number[]>> = {};

  private readonly logger = new Logger('Consumer');
  private readonly end = Promise.withResolvers<void>();
  private readonly commits: OffsetCommits;
  private readonly batches: Batches;
  readonly consumer: Consumer;
  private joining: Promise<void> | undefined;

  constructor(private readonly options: SessionOptions) {
    const { kafka, group, topics, handler, health } = options;
    this.consumer = kafka.consumer(consumerConfig(options));
    this.commits = new OffsetCommits({
      kafka,
      group,
      topics,
      isBlocked: () => handler.isMovingDeadLetters,
      onNewTopic: (topic) => {
        this.logger.warn(
          { topic },
          'a topic was deleted and created again, reading it from its start',
        );
        this.restart();
      },
    });
    this.batches = new Batches(handler, this.commits, () => health.handled());
    this.end.promise.catch(() => undefined); // it may fail while it still joins
  }

  /**
   * Consumes until {@link stop} or {@link restart}.
   * @throws Error after which kafkajs gives up
   */
  async run(): Promise<void> {
    this.observe();
    try {
      this.joining = this.join();
      await this.joining;
      await this.end.promise;
    } finally {
      await this.batches.stop();
      await this.commits.stop();
      await this.consumer.disconnect().catch(() => undefined);
    }
  }

  /** Ends it, so that a new session begins with what is committed. */
  restart(): void {
    this.end.resolve();
  }

  /** Finishes the batches in progress, commits them and leaves the group. */
  async stop(): Promise<void> {
    // kafkajs cannot stop a consumer while it joins: the consumer would join afterwards
    const timer = setTimeout(() => this.end.resolve(), MAX_JOINING_MS);
    await Promise.allSettled([Promise.race([this.joining, this.end.promise])]);
    clearTimeout(timer);
    await this.batches.stop();
    await this.commits.flush();
    await this.consumer.disconnect();
    this.end.resolve();
  }

  private async join(): Promise<void> {
    await this.consumer.connect();
    await this.commits.start();
    await this.consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENCY,
      eachBatch: (payload) => this.batches.onBatch(payload),
    });
  }

  private observe(): void {
    const { consumer } = this;
    const { health } = this.options;
    const { events } = consumer;
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      this.assignment = payload.memberAssignment;
      this.batches.startGeneration();
      health.joined(payload.memberAssignment);
      this.commits.learn().catch(() => undefined); // the offsets of partitions that it did not own
    });
    for (const event of [events.HEARTBEAT, events.FETCH, events.REQUEST_TIMEOUT] as const) {
      consumer.on(event, () => health.active());
    }
    consumer.on(events.CRASH, ({ payload }) => this.end.reject(payload.error));
  }
}

const consumerConfig = ({ group, sessionTimeoutMs }: SessionOptions): ConsumerConfig => ({
  groupId: group,
  sessionTimeout: sessionTimeoutMs,
  heartbeatInterval: Math.floor(sessionTimeoutMs / 3),
  rebalanceTimeout: 2 * sessionTimeoutMs,
  metadataMaxAge: METADATA_MAX_AGE_MS,
  allowAutoTopicCreation: false,
  maxWaitTimeInMs: 1_000,
  retry: { ...CLIENT_RETRY, restartOnFailure: async () => false },
});
