import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../environment.ts';
import { cpuOf } from '../processes.ts';
import { captureOrder, DATABASES, type Database, type LoggedStatement } from './capture.ts';
import { pgbenchScript } from './script.ts';

/** What PostgreSQL alone can do with the statements of an order, unbatched and prepared. */
export interface Ceiling {
  readonly ordersPerSecond: number;
  /** PostgreSQL's CPU time per order, in µs. */
  readonly postgresCpuUs: number;
  /** Statements of one order, by database. */
  readonly statements: Readonly<Record<Database, number>>;
}

const execute = promisify(execFile);
/** Connections to each database. */
const CONNECTIONS = 8;

/**
 * Captures the statements of one order from PostgreSQL's log and runs them again for many orders with
 * pgbench, against the three databases at the same time. Stops the services first.
 * @returns the reason when pgbench is not installed
 */
export async function measureCeiling(
  environment: Environment,
  { orders, equipments }: { orders: number; equipments: number },
): Promise<Ceiling | string> {
  try {
    await execute('pgbench', ['--version']);
  } catch {
    return 'pgbench is not installed';
  }
  const captured = await captureOrder(environment);
  await environment.suite.stop();
  const directory = await mkdtemp(join(tmpdir(), 'bench-ceiling-'));
  try {
    for (const database of DATABASES) {
      const script = pgbenchScript(database, captured[database], equipments);
      await writeFile(join(directory, database), script);
    }
    return { ...(await replay(environment, directory, orders)), statements: counts(captured) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function replay(
  { connections, infrastructure }: Environment,
  folder: string,
  orders: number,
) {
  const each = Math.ceil(orders / CONNECTIONS);
  const postgres = { postgres: infrastructure.postgres.pid ?? 0 };
  const before = await cpuOf(postgres);
  const start = performance.now();
  await Promise.all(
    DATABASES.map((database) => {
      const load = ['-c', String(CONNECTIONS), '-t', String(each), '-D', 'n=0'];
      const script = ['-n', '-M', 'prepared', '-f', join(folder, database)];
      return execute('pgbench', [...load, ...script, connections.databases[database]]);
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const after = await cpuOf(postgres);
  const done = each * CONNECTIONS;
  const used = (after['postgres'] ?? 0) - (before['postgres'] ?? 0);
  return { ordersPerSecond: done / seconds, postgresCpuUs: used / done };
}

const counts = (captured: Record<Database, LoggedStatement[]>) =>
  Object.fromEntries(DATABASES.map((name) => [name, captured[name].length])) as Record<
    Database,
    number
  >;
