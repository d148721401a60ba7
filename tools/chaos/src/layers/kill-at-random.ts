import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceProcess } from '@equipmgnt/testing';
import type { Experiment } from './experiment.ts';
import { bringBack } from './recovery.ts';

/** From one kill to the next, on average, at least: so some are just starting when the next one dies. */
export const LEAST_BETWEEN_MS = 3_000;

/**
 * Kills random processes with SIGKILL while orders come in, and starts each again: services with
 * requests, batches and relayed events in flight, and the gateway.
 * @param options.among what may be killed; all processes where nothing is said
 * @param options.betweenMs from one kill to the next, on average
 */
export async function killAtRandom(
  experiment: Experiment,
  kills: number,
  options: { readonly among?: readonly ServiceProcess[]; readonly betweenMs?: number } = {},
): Promise<void> {
  const { random } = experiment;
  const { among = experiment.environment.suite.processes, betweenMs = LEAST_BETWEEN_MS } = options;
  const restarts: Promise<void>[] = [];
  const down = new Set<string>();
  for (let killed = 0; killed < kills; killed += 1) {
    const wait = sleep(random.between(Math.round(betweenMs / 2), Math.round((betweenMs * 3) / 2)));
    while (down.size === among.length) await sleep(100); // one must be up to be killed
    const process = random.pick(among.filter(({ name }) => !down.has(name)));
    down.add(process.name);
    experiment.count('kills');
    const restart = experiment.fault(`SIGKILL ${process.name}`, process.service, {
      inject: () => process.kill('SIGKILL'),
      forMs: random.between(0, 1_000),
      fix: () => bringBack(experiment, process),
    });
    restarts.push(restart.then(() => void down.delete(process.name)));
    await wait;
  }
  await Promise.all(restarts);
}
