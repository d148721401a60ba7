import { setTimeout as sleep } from 'node:timers/promises';
import type { LayerResult } from '../record.ts';
import type { Stage } from '../scene/stage.ts';
import { runTrial, type Progress, type Trial } from './trial.ts';

export interface RollingRestartOptions {
  /** With two replicas of each service at least. */
  readonly stage: Stage;
  readonly seed: number;
  readonly perSecond: number;
  readonly progress?: Progress;
}

const SERVICES = ['mis', 'equipment', 'approval', 'order', 'gateway'] as const;
/** Orders enough to come in for as long as it takes; those left over are not sent. */
const MANY = 1_000_000;
/** As the manifests' preStop: for so long new connections still come although it is taken out. */
const PRE_STOP_MS = 2_000;

/** Restarts one replica after the other under load, as a rolling update does: no request may fail. */
export async function rollingRestart(options: RollingRestartOptions): Promise<LayerResult> {
  const result = await runTrial({
    ...options,
    name: 'rolling restart',
    orders: MANY,
    faults: async (trial) => {
      for (const service of SERVICES) {
        for (const process of trial.stage.suite.of(service)) await restart(trial, process.name);
      }
      trial.clients.leave();
    },
  });
  const failed = result.counts['failedRequests'] ?? 0;
  const noneFailed = {
    name: 'requests that failed during a rolling restart',
    value: failed,
    unit: 'count',
    limit: 0,
    must: 'at most',
  } as const;
  return { ...result, measures: [...result.measures, noneFailed] };
}

async function restart(trial: Trial, name: string): Promise<void> {
  const { stage } = trial;
  const process = stage.processes.find((each) => each.name === name);
  if (process === undefined) throw new Error(`there is no process ${name}`);
  const balancer = stage.balancers[process.service];
  await trial.fault(`restart ${name}`, process.service, {
    breakIt: async () => {
      balancer.takeOut(process);
      await sleep(PRE_STOP_MS);
      await process.stop();
    },
    forMs: 0,
    mend: async () => {
      await process.start();
      balancer.putBack(process);
    },
  });
  trial.count('restarts');
}
