import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceProcess } from '@equipmgnt/testing';
import type { LayerResult } from '../run-record.ts';
import type { Environment } from '../environment/environment.ts';
import { bringBack } from './recovery.ts';
import { runExperiment, type Progress, type Experiment } from './experiment.ts';

export interface ProcessChaosOptions {
  readonly environment: Environment;
  readonly seed: number;
  readonly orders: number;
  /** Orders a second, at most; fewer, where kills would follow each other too soon. */
  readonly perSecond: number;
  readonly kills: number;
  readonly progress?: Progress;
}

/** From one kill to the next, on average, at least: so some are just starting when the next one dies. */
const LEAST_BETWEEN_MS = 3_000;

/**
 * Kills random processes with SIGKILL while orders come in, and starts each again: services with
 * requests, batches and relayed events in flight, and the gateway.
 */
export function processChaos(options: ProcessChaosOptions): Promise<LayerResult> {
  const { kills, orders, perSecond } = options;
  const betweenMs = Math.max(LEAST_BETWEEN_MS, (orders / perSecond / kills) * 1_000);
  return runExperiment({
    ...options,
    name: 'process chaos',
    perSecond: orders / ((kills * betweenMs) / 1_000),
    faults: (experiment) => killAtRandom(experiment, kills, { betweenMs }),
  });
}

/**
 * @param options.among what may be killed; all processes where nothing is said
 * @param options.betweenMs from one kill to the next, on average
 */
export async function killAtRandom(
  experiment: Experiment,
  kills: number,
  options: { readonly among?: readonly ServiceProcess[]; readonly betweenMs?: number } = {},
): Promise<void> {
  const { random } = experiment;
  const { among = experiment.environment.processes, betweenMs = LEAST_BETWEEN_MS } = options;
  const restarts: Promise<void>[] = [];
  const down = new Set<string>();
  for (let killed = 0; killed < kills; killed += 1) {
    const wait = sleep(random.between(Math.round(betweenMs / 2), Math.round((betweenMs * 3) / 2)));
    while (down.size === among.length) await sleep(100); // one must be up to be killed
    const process = random.pick(among.filter(({ name }) => !down.has(name)));
    const downMs = random.between(0, 1_000);
    down.add(process.name);
    experiment.count('kills');
    restarts.push(
      experiment
        .fault(`SIGKILL ${process.name}`, process.service, {
          inject: () => process.kill('SIGKILL'),
          forMs: downMs,
          fix: () => bringBack(experiment, process),
        })
        .then(() => void down.delete(process.name)),
    );
    await wait;
  }
  await Promise.all(restarts);
}
