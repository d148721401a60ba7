import { ALL, openEnvironment, type EnvironmentOptions } from '../environment/environment.ts';
import type { LayerResult, Measure } from '../run-record.ts';
import { clockAnHourOff, misdeliver } from './delivery.ts';
import { failEach, measureDraining, secondsOfFailures } from './dependencies.ts';
import { runExperiment, type Plan, type Progress } from './experiment.ts';
import { runTests } from './jest-layer.ts';
import { killAtRandom, LEAST_BETWEEN_MS } from './kill-at-random.ts';
import { drainingConnections, noneFailed, restartEach } from './rolling-restart.ts';
import { soakMeasures } from './soak.ts';

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
const REPLICAS = 2;
/** Orders enough to come in for as long as it takes; those left over are not sent. */
const MANY = 1_000_000;

/** The layers of the proof, from the quickest to the most real. */
export const layers: readonly Layer[] = [
  {
    name: 'simulation',
    does: `${SEEDS} seeded runs of all state machines in memory, with crashes between any two steps`,
    run: ({ seed }) =>
      runTests({
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
      runTests({
        name: 'model',
        pattern: 'model.int.spec',
        project: 'int',
        seed,
        cases: 3 * MODEL_RUNS, // order, approval and equipment
        env: { MODEL_RUNS: String(MODEL_RUNS), MODEL_SEED: String(seed) },
      }),
  },
  withOrders({
    name: 'processes',
    does: 'random processes killed with SIGKILL while orders come in',
    plan: ({ orders: all, kills }) => {
      const orders = share(all, 0.3);
      const betweenMs = Math.max(LEAST_BETWEEN_MS, (orders / RATE_UNDER_FAULTS / kills) * 1_000);
      return {
        orders,
        // fewer, where kills would follow each other too soon
        perSecond: orders / ((kills * betweenMs) / 1_000),
        faults: (experiment) => killAtRandom(experiment, kills, { betweenMs }),
      };
    },
  }),
  withOrders({
    name: 'dependencies',
    does: 'Kafka, PostgreSQL and MariaDB killed, networks cut, approval hung, commits late',
    plan: ({ orders: all, failures }) => {
      const orders = share(all, 0.2);
      return {
        orders,
        // fewer, where the failures take longer
        perSecond: Math.min(RATE_UNDER_FAULTS, orders / secondsOfFailures(failures)),
        faults: async (experiment) => {
          for (let round = 0; round < failures; round += 1) await failEach(experiment);
          await measureDraining(experiment);
        },
      };
    },
  }),
  withOrders({
    name: 'delivery',
    does: 'topics read again from their start, duplicates, poison, a clock an hour off',
    environment: { env: clockAnHourOff },
    plan: ({ orders: all }) => {
      const orders = share(all, 0.1);
      const faults: Plan['faults'] = (experiment) => misdeliver(experiment, orders);
      return { orders, perSecond: RATE_UNDER_FAULTS, faults };
    },
  }),
  withOrders({
    name: 'rolling',
    does: 'two replicas of each service restarted one after the other: no request fails',
    environment: { replicas: REPLICAS, env: drainingConnections },
    plan: () => ({
      orders: MANY,
      perSecond: RATE_OF_TWO_REPLICAS,
      faults: restartEach,
      faultsUntilEnd: REPLICAS * ALL.length,
    }),
    measure: (result) => [noneFailed(result)],
  }),
  withOrders({
    name: 'soak',
    does: 'the same load for long: memory, open files and outboxes stay flat',
    plan: ({ orders }) => ({
      orders: share(orders, 0.4),
      perSecond: STEADY_RATE,
      faults: async () => undefined,
    }),
    measure: ({ samples }) => soakMeasures(samples, STEADY_RATE),
  }),
];

function share(orders: number, part: number): number {
  return Math.ceil(orders * part);
}

/** A layer that takes orders, in an environment of its own. */
function withOrders({
  name,
  does,
  environment: options,
  plan,
  measure = () => [],
}: {
  name: string;
  does: string;
  environment?: EnvironmentOptions;
  plan: (size: Size) => Plan;
  /** What is measured besides, afterwards. */
  measure?: (result: LayerResult) => Measure[];
}): Layer {
  const run: Layer['run'] = async (size, progress) => {
    const environment = await openEnvironment(options);
    try {
      const { seed } = size;
      const result = await runExperiment({ name, seed, environment, progress, ...plan(size) });
      return { ...result, measures: [...result.measures, ...measure(result)] };
    } finally {
      await environment.close();
    }
  };
  return { name, does, run };
}
