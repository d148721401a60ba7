import { calibrate, REFERENCE_US } from './calibration.ts';
import { measureCeiling, type Ceiling } from './ceiling/ceiling.ts';
import { Convergence } from './convergence.ts';
import { queryPostgres } from './databases.ts';
import { openEnvironment, type Environment } from './environment.ts';
import { LagSampler, type Lag } from './lag.ts';
import { closedLoop, openLoop, type LoadOptions, type LoadResult } from './load.ts';
import { startNginx } from './nginx.ts';
import type { Leg } from './options.ts';
import { cpuOf, memoryOf } from './processes.ts';
import {
  costliestStatements,
  perOrder,
  readCounters,
  type Counters,
  type StatementCost,
} from './statistics.ts';
import { INITIAL_STOCK, storeOrders } from './stored-orders.ts';

/** One load, until all of its orders have arrived everywhere. */
export interface Measurement extends LoadResult {
  /** Such as `c=16`. */
  readonly name: string;
  readonly clients: number;
  readonly acceptedPerSecond: number;
  /** Accepted orders by the time from the first request until all stores agree. */
  readonly convergedPerSecond: number;
  readonly lag: Lag;
  /** CPU time per order, in µs, by process; without the client, the benchmark itself. */
  readonly cpuUs: Readonly<Record<string, number>>;
  /** The sum of it, without the client, normalised by the calibration. */
  readonly normalisedCpuUs: number;
  /** The client's CPU time per request against a bare server, just before. */
  readonly calibrationUs: number;
  readonly memoryMiB: Readonly<Record<string, number>>;
  readonly perOrder: Counters;
}

/** What one build did in one run. */
export interface LegResult {
  readonly build: string;
  readonly measurements: readonly Measurement[];
  readonly ceiling: Ceiling | string;
  readonly nginx: Measurement | string;
  readonly statements: readonly StatementCost[];
}

type Say = (text: string) => void;

/** @throws Error when the stores do not converge, or an invariant does not hold */
export async function measureLeg(leg: Leg, say: Say): Promise<LegResult> {
  const environment = await openEnvironment(leg);
  const convergence = await Convergence.open(environment.connections);
  try {
    await registerEquipment(environment.suite.gateway[0].url, leg.options.equipments);
    if (leg.options.stored > 0) {
      await convergence.verify(); // until the registrations have been consumed
      say(`storing ${leg.options.stored} orders`);
      await storeOrders(environment.connections, leg.options.stored, leg.options.equipments);
    }
    return await new Bench({ leg, environment, convergence, say }).run();
  } finally {
    await convergence.close();
    await environment.close();
  }
}

class Bench {
  readonly leg: Leg;
  readonly environment: Environment;
  readonly convergence: Convergence;
  readonly say: Say;

  constructor(parts: Pick<Bench, 'leg' | 'environment' | 'convergence' | 'say'>) {
    this.leg = parts.leg;
    this.environment = parts.environment;
    this.convergence = parts.convergence;
    this.say = parts.say;
  }

  async run(): Promise<LegResult> {
    const { clients, seconds, warmUpSeconds, ceilingOrders, equipments } = this.leg.options;
    const [, warm = clients[0] ?? 1] = clients;
    await this.measure('warm-up', warm, (load) => closedLoop(warm, load), warmUpSeconds);
    await queryPostgres(this.postgresUrl, 'SELECT pg_stat_statements_reset()');
    const measurements: Measurement[] = [];
    for (const count of clients) {
      const closed = await this.measure(`c=${count}`, count, (load) => closedLoop(count, load));
      measurements.push(closed);
    }
    const most = Math.max(...measurements.map(({ acceptedPerSecond }) => acceptedPerSecond));
    const half = Math.round(most / 2);
    const open = (load: LoadOptions) => openLoop(half, load);
    measurements.push(await this.measure(`open ${half}/s`, 0, open));
    const statements = await costliestStatements(this.postgresUrl);
    const nginx = await this.throughNginx(warm, seconds);
    await this.convergence.verify();
    const ceiling =
      ceilingOrders === 0
        ? 'not measured'
        : await measureCeiling(this.environment, { orders: ceilingOrders, equipments });
    return { build: this.leg.build.name, measurements, ceiling, nginx, statements };
  }

  private get postgresUrl(): string {
    return this.environment.infrastructure.postgres.url;
  }

  private async measure(
    name: string,
    clients: number,
    run: (load: LoadOptions) => Promise<LoadResult>,
    seconds = this.leg.options.seconds,
    url = this.environment.suite.gateway[0].url,
  ): Promise<Measurement> {
    const { convergence, environment } = this;
    const calibrationUs = await calibrate();
    const after = await convergence.lastOrder();
    const countersBefore = await readCounters(this.postgresUrl, environment.connections);
    const sampler = new LagSampler(convergence);
    const cpuBefore = await cpuOf(this.processes);
    const start = performance.now();
    const load = await run({
      url,
      seconds,
      body: () => this.order(),
      onAccepted: (text) => sampler.offer(text),
    });
    await convergence.reached(after, load.accepted);
    const elapsed = (performance.now() - start) / 1_000;
    const cpuAfter = await cpuOf(this.processes);
    const lag = await sampler.stop();
    await convergence.verify(); // waits long enough for PostgreSQL's counters
    const countersAfter = await readCounters(this.postgresUrl, environment.connections);
    const cpuUs = Object.fromEntries(
      Object.entries(cpuAfter).map(([process, used]) => [
        process,
        (used - (cpuBefore[process] ?? 0)) / load.accepted,
      ]),
    );
    const { client = 0 } = cpuUs;
    const total = Object.values(cpuUs).reduce((sum, used) => sum + used, 0) - client;
    const result = {
      ...load,
      name,
      clients,
      acceptedPerSecond: load.accepted / load.seconds,
      convergedPerSecond: load.accepted / elapsed,
      lag,
      cpuUs,
      normalisedCpuUs: (total * REFERENCE_US) / calibrationUs,
      calibrationUs,
      memoryMiB: await memoryOf(this.processes),
      perOrder: perOrder(countersBefore, countersAfter, load.accepted),
    };
    this.say(
      `${name}: ${result.convergedPerSecond.toFixed(0)} orders/s, p99 ${load.p99.toFixed(0)} ms`,
    );
    return result;
  }

  private get processes(): Record<string, number> {
    const { suite, infrastructure } = this.environment;
    const all = [...suite.processes, infrastructure.postgres, infrastructure.mariadb];
    return Object.fromEntries(
      [...all, infrastructure.kafka].map(({ name, pid }) => [name, pid ?? 0]),
    );
  }

  private order(): string {
    const equipmentId = 1 + Math.floor(Math.random() * this.leg.options.equipments);
    return JSON.stringify({ qty: 1, equipmentId });
  }

  private async throughNginx(clients: number, seconds: number): Promise<Measurement | string> {
    const nginx = await startNginx(this.environment.suite.order[0].url);
    if (typeof nginx === 'string') return nginx;
    try {
      const run = (load: LoadOptions) => closedLoop(clients, load);
      return await this.measure(`nginx, c=${clients}`, clients, run, seconds, nginx.url);
    } finally {
      await nginx.process.stop();
    }
  }
}

async function registerEquipment(gateway: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const answer = await fetch(`${gateway}/equipments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ stock: INITIAL_STOCK }),
    });
    if (answer.status !== 201) throw new Error(`POST /equipments answers ${answer.status}`);
    await answer.body?.cancel();
  }
}
