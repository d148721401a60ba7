import { topics } from '@equipmgnt/contracts';
import type { Connections } from '@equipmgnt/testing';
import { Kafka, logLevel } from 'kafkajs';
import { queryPostgres } from './databases.ts';

/** Counters of PostgreSQL and Kafka that only grow. */
export interface Counters {
  readonly statements: number;
  readonly commits: number;
  readonly walBytes: number;
  readonly sequentialTuples: number;
  readonly updates: number;
  readonly hotUpdates: number;
  readonly messages: number;
}

/** A statement of the services, from pg_stat_statements. */
export interface StatementCost {
  readonly database: string;
  readonly query: string;
  readonly calls: number;
  readonly totalMs: number;
  readonly rows: number;
}

const OURS = `dbid IN (SELECT oid FROM pg_database WHERE datname IN ('order', 'approval', 'equipment'))`;

/** PostgreSQL's backends report their numbers after a second at the latest. */
export async function readCounters(postgresUrl: string, connections: Connections) {
  const [own] = await queryPostgres<Pick<Counters, 'statements' | 'commits' | 'walBytes'>>(
    postgresUrl,
    `SELECT (SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE ${OURS}) AS statements,
            (SELECT sum(xact_commit) FROM pg_stat_database
              WHERE datname IN ('order', 'approval', 'equipment')) AS commits,
            (SELECT wal_bytes FROM pg_stat_wal) AS "walBytes"`,
  );
  const tables = await Promise.all(
    (['order', 'approval', 'equipment'] as const).map((service) =>
      queryPostgres<Pick<Counters, 'sequentialTuples' | 'updates' | 'hotUpdates'>>(
        connections.databases[service],
        `SELECT sum(seq_tup_read) AS "sequentialTuples", sum(n_tup_upd) AS updates,
                sum(n_tup_hot_upd) AS "hotUpdates" FROM pg_stat_user_tables`,
      ),
    ),
  );
  const sum = (name: 'sequentialTuples' | 'updates' | 'hotUpdates') =>
    tables.reduce((total, [row]) => total + (row?.[name] ?? 0), 0);
  return {
    ...(own as Pick<Counters, 'statements' | 'commits' | 'walBytes'>),
    sequentialTuples: sum('sequentialTuples'),
    updates: sum('updates'),
    hotUpdates: sum('hotUpdates'),
    messages: await countMessages(connections.kafkaBrokers),
  } satisfies Counters;
}

/** Each counter's growth, divided by the number of orders. */
export function perOrder(before: Counters, after: Counters, orders: number): Counters {
  const names = Object.keys(before) as (keyof Counters)[];
  return Object.fromEntries(
    names.map((name) => [name, (after[name] - before[name]) / orders]),
  ) as unknown as Counters;
}

/** The statements that took the most time since the last reset. */
export const costliestStatements = (postgresUrl: string): Promise<StatementCost[]> =>
  queryPostgres(
    postgresUrl,
    `SELECT datname AS database, regexp_replace(query, '\\s+', ' ', 'g') AS query, calls,
            total_exec_time + total_plan_time AS "totalMs", rows
       FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
      WHERE ${OURS} ORDER BY 4 DESC LIMIT 20`,
  );

async function countMessages(brokers: string): Promise<number> {
  const admin = new Kafka({
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    const offsets = await Promise.all(
      Object.values(topics).map((topic) => admin.fetchTopicOffsets(topic)),
    );
    return offsets.flat().reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}
