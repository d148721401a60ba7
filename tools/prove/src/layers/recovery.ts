import { waitUntil, type ServiceName, type ServiceProcess } from '@equipmgnt/local';
import { metricsOf } from '../scene/metrics.ts';
import { BREAKER_RESET_MS, SESSION_TIMEOUT_MS, type Stage } from '../scene/stage.ts';
import type { Trial } from './trial.ts';

// how long anybody waits for a recovery; a measure's bar is far below
const GIVE_UP_MS = 90_000;

/** A request to each service through the gateway that reads from its database. */
const PATH_OF: Record<ServiceName, string> = {
  gateway: '/equipments?size=1',
  order: '/orders?size=1',
  approval: '/approvals?size=1',
  equipment: '/equipments?size=1',
  mis: '/mis?size=1',
};

const since = (start: number): number => Math.round(performance.now() - start);

/** Starts a process again; measures how long until it answers its first request through the gateway. */
export async function bringBack(trial: Trial, process: ServiceProcess): Promise<void> {
  await process.start();
  const start = performance.now();
  const request = async () => {
    const answer = await fetch(trial.stage.url + PATH_OF[process.service]);
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`${process.service} answers ${answer.status}`);
  };
  await waitUntil(request, { withinMs: GIVE_UP_MS });
  trial.worst({
    name: 'service back → first success',
    value: since(start),
    unit: 'ms',
    limit: 5_000,
    must: 'at most',
  });
}

/** Measures how long until order publishes, and mis handles, what is new since now. */
export async function measureKafkaIsBack(trial: Trial): Promise<void> {
  const start = performance.now();
  const { order, mis } = trial.stage.suite;
  const produced = increases(order[0], 'outbox_published_total').then(() =>
    trial.worst({
      name: 'Kafka back → producing',
      value: since(start),
      unit: 'ms',
      limit: 5_000,
      must: 'at most',
    }),
  );
  const consumed = increases(mis[0], 'messages_handled_total').then(() =>
    trial.worst({
      name: 'Kafka back → consuming',
      value: since(start),
      unit: 'ms',
      limit: SESSION_TIMEOUT_MS + 5_000,
      must: 'at most',
    }),
  );
  await Promise.all([produced, consumed]);
}

/** Measures how long until order's breaker is closed again. */
export async function measureBreakerCloses(trial: Trial): Promise<void> {
  const start = performance.now();
  await waitUntil(
    async () => {
      const state = await breakerState(trial.stage);
      if (state !== 0) throw new Error(`the breaker's state is ${state}`);
    },
    { withinMs: GIVE_UP_MS },
  );
  trial.worst({
    name: 'approval back → breaker closed',
    value: since(start),
    unit: 'ms',
    limit: BREAKER_RESET_MS + 2_000,
    must: 'at most',
  });
}

async function breakerState({ suite }: Stage): Promise<number | undefined> {
  return (await metricsOf(suite.order[0].url)).get('approval_breaker_open');
}

async function increases(process: ServiceProcess, metric: string): Promise<void> {
  const read = async () => (await metricsOf(process.url)).get(metric) ?? 0;
  const before = await waitUntil(read, { withinMs: GIVE_UP_MS });
  await waitUntil(
    async () => {
      if ((await read()) <= before) throw new Error(`${metric} of ${process.name} stays ${before}`);
    },
    { withinMs: GIVE_UP_MS },
  );
}
