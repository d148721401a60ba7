import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceProcess } from '@equipmgnt/testing';
import type { Environment } from '../environment/environment.ts';
import type { LayerResult, Measure } from '../run-record.ts';
import type { Experiment } from './experiment.ts';

const SERVICES = ['mis', 'equipment', 'approval', 'order', 'gateway'] as const;

/** Environment variables that leave connections to their clients, as in the cluster. */
export const drainingConnections = Object.fromEntries(
  SERVICES.map((service) => [service, { CONNECTION_DRAIN_MS: '4000' }]),
);
/** As the manifests' preStop: for so long new connections still come although it is taken out. */
const PRE_STOP_MS = 2_000;

/** Restarts one replica after the other, as a rolling update does. Afterwards no order comes any more. */
export async function restartEach(experiment: Experiment): Promise<void> {
  for (const service of SERVICES) {
    for (const process of experiment.environment.suite.of(service)) {
      await restart(experiment, process, experiment.environment.balancers[service]);
    }
  }
  experiment.clients.leave();
}

async function restart(
  experiment: Experiment,
  process: ServiceProcess,
  balancer: Environment['balancers']['gateway'],
): Promise<void> {
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

export const noneFailed = ({ failedRequests }: LayerResult): Measure => ({
  name: 'requests that failed during a rolling restart',
  value: Object.values(failedRequests).reduce((sum, count) => sum + count, 0),
  unit: 'count',
  limit: 0,
  must: 'at most',
});
