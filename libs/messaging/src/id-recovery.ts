import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { events, type EventType } from '@equipmgnt/contracts';
import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Kafka } from 'kafkajs';
import type { DataSource } from 'typeorm';
import { Backoff } from './backoff.ts';
import { fromMessage, Unprocessable } from './cloud-event.ts';
import { readTail } from './read-tail.ts';

/** A start waits this long; an unavailable broker does not keep a service from starting. */
const START_WAIT_MS = 5_000;
/** How many records of each partition are read, from its end, until enough of them have an id. */
const WINDOWS = [2_000, 50_000, Infinity];
/**
 * Ids are given in order, but transactions commit in any order, so the record with the highest id of a
 * partition may have as many records with lower ids behind it as there were concurrent transactions. That
 * is at most the server's number of connections, 200 in k8s/infra.
 */
const OUT_OF_ORDER = 500;
/**
 * The ids that are left out after the highest one on the topic: those that were given, but whose events the
 * restored database had not published.
 */
const GAP = 10_000;
/** One replica at a time compares and moves. Nothing else in a service's database locks this number. */
const LOCK = 7_301_946;

/** Where the ids of a service are published. */
export interface PublishedIds {
  /** The table whose column `id` they are. */
  readonly table: string;
  /** Event types of one topic of this service; each new id is in one of them. */
  readonly types: readonly [EventType, ...EventType[]];
  /** The field of their data that has the id. */
  readonly field: string;
}

export interface IdRecoveryOptions {
  readonly ids: PublishedIds;
  readonly database: DataSource;
  readonly kafka: Kafka;
  /** The service's name. */
  readonly service: string;
  /** Creates the topics if they are missing. */
  readonly ready: () => Promise<unknown>;
}

/**
 * Keeps a service from giving an id twice after its database was restored from an older backup: at start it
 * moves the sequence past the highest id on its own topic.
 *
 * The end of each partition is enough. Rows of the outbox are published in the order of their ids, which
 * come from a sequence like the ids of the aggregate, in the same statement. So within a partition new ids
 * only rise, except for {@link OUT_OF_ORDER}. Records without a new id, such as cancellations, do not count.
 */
export class IdRecovery implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Ids');
  private readonly stopping = new AbortController();

  constructor(private readonly options: IdRecoveryOptions) {}

  /** Waits until the sequence is compared, but not for a broker that is unavailable. */
  async onApplicationBootstrap(): Promise<void> {
    const compared = this.compare(this.stopping.signal);
    const first = compared.catch(() => void this.keepTrying());
    await Promise.race([first, delay(START_WAIT_MS, undefined, { ref: false })]);
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  private async keepTrying(): Promise<void> {
    const { signal } = this.stopping;
    const backoff = new Backoff(1_000, 10_000);
    this.logger.warn('no broker answers: new ids are not compared with the topic yet');
    while (!signal.aborted) {
      try {
        await delay(backoff.next(), undefined, { signal, ref: false });
        return await this.compare(signal);
      } catch (error) {
        this.logger.debug({ err: error }, 'comparing ids with the topic failed, retrying');
      }
    }
  }

  private async compare(stop: AbortSignal): Promise<void> {
    const { ids, database, ready } = this.options;
    await ready();
    const highest = await this.highestPublished(stop);
    const moved = await database.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      return manager.query(
        `SELECT setval(ids, $2::bigint + $3) AS last
           FROM (SELECT pg_get_serial_sequence($1, 'id')::regclass AS ids) sequence
          WHERE coalesce(pg_sequence_last_value(ids), 0) < $2::bigint`,
        [ids.table, highest, GAP],
      );
    });
    if (moved.length === 0) return;
    this.logger.warn(
      `the database is older than its topic, which has ids of ${ids.table} up to ${highest}; ` +
        `new ones are given after ${moved[0].last}`,
    );
  }

  private async highestPublished(stop: AbortSignal): Promise<number> {
    const { kafka, service, ids } = this.options;
    const topic = events[ids.types[0]].topic;
    for (const window of WINDOWS) {
      const tails = await readTail(kafka, {
        topic,
        groupId: `${service}-ids-${randomUUID()}`,
        window,
        stop,
      });
      const found = tails.map(({ messages, isWhole }) => ({
        isWhole,
        values: messages.flatMap((message) => this.idOf(topic, message)),
      }));
      if (found.every(({ values, isWhole }) => isWhole || values.length >= OUT_OF_ORDER))
        return found.flatMap(({ values }) => values).reduce((a, b) => Math.max(a, b), 0);
    }
    throw new Error('unreachable: the last window is the whole topic');
  }

  private idOf(topic: string, message: Parameters<typeof fromMessage>[1]): number[] {
    const { types, field } = this.options.ids;
    try {
      const event = fromMessage(topic, message);
      if (event === undefined || !types.includes(event.type)) return [];
      return [(event.data as Record<string, unknown>)[field] as number];
    } catch (error) {
      if (error instanceof Unprocessable) return [];
      throw error;
    }
  }
}
