import { waitUntil, type ServiceName, type ServiceProcess } from '@equipmgnt/testing';
import { BREAKER_RESET_MS, SESSION_TIMEOUT_MS } from '../environment/environment.ts';
import { readMetrics } from '../environment/read-metrics.ts';
import type { Experiment } from './experiment.ts';

// the longest wait for a recovery; the thresholds are far below
const GIVE_UP_MS = 90_000;

/** A request to each service through the gateway that reads from its database. */
const PATH_OF: Record<ServiceName, string> = {
  gateway: '/equipments?size=1',
  order: '/orders?size=1',
  approval: '/approvals?size=1',
  equipment: '/equipments?size=1',
  mis: '/mis?size=1',
};

/** Of orders, besides the load: it may be slow or have ended, and without any nothing recovers. */
const PROBE_EVERY_MS = 250;

/** How many ms until the probe no longer rejects; for ever, if nobody would wait any longer. */
async function msUntil({ clients }: Experiment, probe: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  const traffic = setInterval(() => clients.probe(), PROBE_EVERY_MS);
  try {
    await waitUntil(probe, { withinMs: GIVE_UP_MS });
    return Math.round(performance.now() - start);
  } catch {
    return Infinity;
  } finally {
    clearInterval(traffic);
  }
}

/** Starts a process again; measures how long until it answers its first request through the gateway. */
export async function bringBack(experiment: Experiment, process: ServiceProcess): Promise<void> {
  await process.start();
  const from = experiment.recorder.now();
  const ms = await msUntil(experiment, async () => {
    const answer = await fetch(experiment.environment.url + PATH_OF[process.service]);
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`${process.service} answers ${answer.status}`);
  });
  // the proxy between them was broken itself, so this shows nothing about the process
  if (experiment.wasBroken(process.service === 'gateway' ? 'equipment' : 'gateway', from)) return;
  experiment.count('recoveries measured');
  experiment.recovered('service back → first success', ms, 5_000);
}

/** Measures how long until order publishes, and mis handles, what is new since now. */
export async function measureKafkaIsBack(experiment: Experiment): Promise<void> {
  const { order, mis } = experiment.environment.suite;
  const [produced, consumed] = await Promise.all([
    msUntilIncrease(experiment, order[0], 'outbox_published_total'),
    msUntilIncrease(experiment, mis[0], 'messages_handled_total'),
  ]);
  experiment.recovered('Kafka back → producing', produced, 5_000);
  experiment.recovered('Kafka back → consuming', consumed, SESSION_TIMEOUT_MS + 5_000);
}

/** Measures how long until order's breaker is closed again. */
export async function measureBreakerCloses(experiment: Experiment): Promise<void> {
  const { url } = experiment.environment.suite.order[0];
  const ms = await msUntil(experiment, async () => {
    const state = (await readMetrics(url)).get('approval_breaker_open');
    if (state !== 0) throw new Error(`the breaker's state is ${state}`);
  });
  experiment.recovered('approval back → breaker closed', ms, BREAKER_RESET_MS + 2_000);
}

async function msUntilIncrease(
  experiment: Experiment,
  { name, url }: ServiceProcess,
  metric: string,
): Promise<number> {
  let before: number | undefined;
  return msUntil(experiment, async () => {
    const now = (await readMetrics(url)).get(metric) ?? 0;
    before ??= now;
    if (now <= before) throw new Error(`${metric} of ${name} stays ${before}`);
  });
}
