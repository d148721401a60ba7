import { setTimeout as sleep } from 'node:timers/promises';
import { measureBacklog } from '@equipmgnt/testing';
import type { Clients } from '../load/clients.ts';
import type { RequestRecorder } from '../load/request-recorder.ts';
import type { Sample } from '../run-record.ts';
import type { Environment } from './environment.ts';
import { query } from './query.ts';
import { readMetrics } from './read-metrics.ts';

const EVERY_MS = 1_000;

/** Looks at the suite once a second while it runs; a server that is unavailable is left out. */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly #environment: Environment;
  readonly #recorder: RequestRecorder;
  readonly #clients: Clients;
  readonly #done = new AbortController();
  readonly #running: Promise<void>;

  constructor(environment: Environment, recorder: RequestRecorder, clients: Clients) {
    this.#environment = environment;
    this.#recorder = recorder;
    this.#clients = clients;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#done.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#done;
    while (!signal.aborted) {
      await Promise.all([this.#takeSample(), this.#takeStock().catch(() => undefined)]);
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #takeSample(): Promise<void> {
    const before = this.samples.at(-1);
    const [counts, processes] = await Promise.all([
      measureBacklog(this.#environment.direct).catch(() => undefined),
      this.#processes(),
    ]);
    const sum = (numbers: Readonly<Record<string, number>>) =>
      Object.values(numbers).reduce((total, n) => total + n, 0);
    this.samples.push({
      at: this.#recorder.now(),
      acknowledged: this.#recorder.acknowledged,
      unknown: this.#clients.waiting,
      lag: counts ? sum(counts.lag) : (before?.lag ?? 0),
      outbox: counts ? sum(counts.outbox) : (before?.outbox ?? 0),
      processes,
    });
  }

  async #processes(): Promise<Sample['processes']> {
    const found = this.#environment.suite.processes.map(async ({ name, url }) => {
      const metrics = await readMetrics(url).catch(() => undefined);
      if (metrics === undefined) return [];
      const memory = metrics.get('process_resident_memory_bytes') ?? 0;
      const files = metrics.get('process_open_fds') ?? 0;
      return [[name, { memory, files }] as const];
    });
    return Object.fromEntries((await Promise.all(found)).flat());
  }

  async #takeStock(): Promise<void> {
    const rows = await query<{ equipmentId: number; stock: number }>(
      this.#environment.direct.databases.equipment,
      'SELECT id AS "equipmentId", stock FROM equipments',
    );
    const at = this.#recorder.now();
    this.#recorder.stockSamples.push(...rows.map((row) => ({ ...row, at })));
  }
}
