import type { LayerResult } from '../run-record.ts';
import { Environment } from '../environment/environment.ts';
import { clockAnHourOff, delivery } from './delivery.ts';
import { dependencies } from './dependencies.ts';
import { jestLayer } from './jest-layer.ts';
import { processChaos } from './process-chaos.ts';
import { drainingConnections, rollingRestart } from './rolling-restart.ts';
import { soak } from './soak.ts';
import type { Progress } from './experiment.ts';

/** How much is done; the layers share it. */
export interface Size {
  readonly seed: number;
  /** Over all layers that take orders. */
  readonly orders: number;
  /** SIGKILLs of processes. */
  readonly kills: number;
  /** Failures of each dependency. */
  readonly failures: number;
}

export interface Layer {
  readonly name: string;
  /** What it does, for people. */
  readonly does: string;
  readonly run: (size: Size, progress: Progress) => Promise<LayerResult>;
}

const SEEDS = 10_000;
const MODEL_RUNS = 50;
/*
 * Orders a second at most. Two cores are fully busy with 60, servers, clients and sampling included,
 * and who asks for more than can be done measures nothing but waiting. Starting a process costs as
 * much as a hundred orders.
 */
const STEADY_RATE = 40;
const RATE_UNDER_FAULTS = 30;
const RATE_OF_TWO_REPLICAS = 15;

/** The layers of the proof, from the quickest to the most real. */
export const layers: readonly Layer[] = [
  {
    name: 'simulation',
    does: `${SEEDS} seeded runs of all state machines in memory, with crashes between any two steps`,
    run: ({ seed }) =>
      jestLayer({
        name: 'simulation',
        pattern: 'e2e/simulation',
        project: 'unit',
        seed,
        cases: SEEDS,
        env: { SIMULATION_SEEDS: String(SEEDS), SIMULATION_SEED: String(seed) },
      }),
  },
  {
    name: 'model',
    does: 'commands at 32-way concurrency on the real PostgreSQL, against a model',
    run: ({ seed }) =>
      jestLayer({
        name: 'model',
        pattern: 'model.int.spec',
        project: 'int',
        seed,
        cases: 3 * MODEL_RUNS, // order, approval and equipment
        env: { MODEL_RUNS: String(MODEL_RUNS), MODEL_SEED: String(seed) },
      }),
  },
  {
    name: 'processes',
    does: 'random processes killed with SIGKILL while orders come in',
    run: ({ orders, ...size }, progress) =>
      inEnvironment({}, (environment) =>
        processChaos({
          ...size,
          environment,
          progress,
          orders: share(orders, 0.3),
          perSecond: RATE_UNDER_FAULTS,
        }),
      ),
  },
  {
    name: 'dependencies',
    does: 'Kafka, PostgreSQL and MariaDB killed, networks cut, approval hung, commits late',
    run: ({ orders, ...size }, progress) =>
      inEnvironment({}, (environment) =>
        dependencies({
          ...size,
          environment,
          progress,
          orders: share(orders, 0.2),
          perSecond: RATE_UNDER_FAULTS,
        }),
      ),
  },
  {
    name: 'delivery',
    does: 'topics read again from their start, duplicates, poison, a clock an hour off',
    run: ({ orders, seed }, progress) =>
      inEnvironment({ env: clockAnHourOff }, (environment) =>
        delivery({
          seed,
          environment,
          progress,
          orders: share(orders, 0.1),
          perSecond: RATE_UNDER_FAULTS,
        }),
      ),
  },
  {
    name: 'rolling',
    does: 'two replicas of each service restarted one after the other: no request fails',
    run: ({ seed }, progress) =>
      inEnvironment({ replicas: 2, env: drainingConnections }, (environment) =>
        rollingRestart({ seed, environment, progress, perSecond: RATE_OF_TWO_REPLICAS }),
      ),
  },
  {
    name: 'soak',
    does: 'the same load for long: memory, open files and outboxes stay flat',
    run: ({ orders, seed }, progress) =>
      inEnvironment({}, (environment) =>
        soak({ seed, environment, progress, orders: share(orders, 0.4), perSecond: STEADY_RATE }),
      ),
  },
];

const share = (orders: number, part: number): number => Math.ceil(orders * part);

async function inEnvironment<T>(
  options: Parameters<typeof Environment.open>[0],
  play: (environment: Environment) => Promise<T>,
): Promise<T> {
  const environment = await Environment.open(options);
  try {
    return await play(environment);
  } finally {
    await environment.close();
  }
}
