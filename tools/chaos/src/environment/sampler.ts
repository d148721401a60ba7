import { setTimeout as sleep } from 'node:timers/promises';
import { measureBacklog } from '@equipmgnt/testing';
import type { Clients } from '../load/clients.ts';
import type { RequestRecorder } from '../load/request-recorder.ts';
import type { Sample } from '../run-record.ts';
import type { Environment } from './environment.ts';
import { query } from './query.ts';
import { readMetrics } from './read-metrics.ts';

const EVERY_MS = 1_000;

/**
 * Looks at the suite once a second until it is aborted, and records the stocks; a server that is
 * unavailable is left out.
 */
export async function takeSamples(
  environment: Environment,
  recorder: RequestRecorder,
  clients: Clients,
  signal: AbortSignal,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (!signal.aborted) {
    const stocks = takeStock(environment, recorder).catch(() => undefined);
    const backlog = measureBacklog(environment.direct).catch(() => undefined);
    const processes = await sampleProcesses(environment);
    const counts = await backlog;
    samples.push({
      at: recorder.now(),
      acknowledged: recorder.acknowledged,
      unknown: clients.waiting,
      lag: counts ? sum(counts.lag) : (samples.at(-1)?.lag ?? 0),
      outbox: counts ? sum(counts.outbox) : (samples.at(-1)?.outbox ?? 0),
      processes,
    });
    await stocks;
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return samples;
}

const sum = (numbers: Readonly<Record<string, number>>): number =>
  Object.values(numbers).reduce((total, n) => total + n, 0);

async function sampleProcesses({ suite }: Environment): Promise<Sample['processes']> {
  const found = suite.processes.map(async ({ name, managementUrl }) => {
    const metrics = await readMetrics(managementUrl).catch(() => undefined);
    if (metrics === undefined) return [];
    const memory = metrics.get('process_resident_memory_bytes') ?? 0;
    const files = metrics.get('process_open_fds') ?? 0;
    return [[name, { memory, files }] as const];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

async function takeStock({ direct }: Environment, recorder: RequestRecorder): Promise<void> {
  const rows = await query<{ equipmentId: number; stock: number }>(
    direct.databases.equipment,
    'SELECT id AS "equipmentId", stock FROM equipments',
  );
  const at = recorder.now();
  recorder.stockSamples.push(...rows.map((row) => ({ ...row, at })));
}
