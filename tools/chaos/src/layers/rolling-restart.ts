import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceProcess } from '@equipmgnt/testing';
import type { LayerResult } from '../run-record.ts';
import type { Environment } from '../environment/environment.ts';
import { runExperiment, type Progress, type Experiment } from './experiment.ts';

export interface RollingRestartOptions {
  /** With two replicas of each service at least. */
  readonly environment: Environment;
  readonly seed: number;
  readonly perSecond: number;
  readonly progress?: Progress;
}

const SERVICES = ['mis', 'equipment', 'approval', 'order', 'gateway'] as const;

/** Environment variables that leave connections to their clients, as in the cluster. */
export const drainingConnections = Object.fromEntries(
  SERVICES.map((service) => [service, { CONNECTION_DRAIN_MS: '4000' }]),
);
/** Orders enough to come in for as long as it takes; those left over are not sent. */
const MANY = 1_000_000;
/** As the manifests' preStop: for so long new connections still come although it is taken out. */
const PRE_STOP_MS = 2_000;

/** Restarts one replica after the other under load, as a rolling update does: no request may fail. */
export async function rollingRestart(options: RollingRestartOptions): Promise<LayerResult> {
  const { environment, progress } = options;
  const processes = SERVICES.flatMap((service) => [...environment.suite.of(service)]);
  let restarted = 0;
  const result = await runExperiment({
    ...options,
    name: 'rolling restart',
    orders: MANY,
    progress: (_done, _of, what) => progress?.(restarted, processes.length, what),
    faults: async (experiment) => {
      for (const process of processes) {
        await restart(experiment, process);
        restarted += 1;
      }
      experiment.clients.leave();
    },
  });
  const noneFailed = {
    name: 'requests that failed during a rolling restart',
    value: Object.values(result.failedRequests).reduce((sum, count) => sum + count, 0),
    unit: 'count',
    limit: 0,
    must: 'at most',
  } as const;
  return { ...result, measures: [...result.measures, noneFailed] };
}

async function restart(experiment: Experiment, process: ServiceProcess): Promise<void> {
  const balancer = experiment.environment.balancers[process.service];
  await experiment.fault(`restart ${process.name}`, process.service, {
    inject: async () => {
      balancer.takeOut(process);
      await sleep(PRE_STOP_MS);
      await process.stop();
    },
    forMs: 0,
    fix: async () => {
      await process.start();
      balancer.putBack(process);
    },
  });
  experiment.count('restarts');
}
