import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceProcess } from '@equipmgnt/testing';
import { livenessChecks } from '../thresholds.ts';
import { answeredSinceFailure } from '../envoy/access-log.ts';
import { CLASSIC_BODY, SIEGE_TIMEOUT_SECONDS } from '../siege/siege.ts';
import { portOf, type Demonstration } from './demonstration.ts';

const DELAY_SECONDS = 0.5;
const LEAD_MS = 2_000;

// The liveness probe, with shorter times than in the cluster.
const PERIOD_MS = 1_000;
const TIMEOUT_MS = 2_000;
const FAILURE_THRESHOLD = 3;

/**
 * One of two replicas of approval hangs under load. This process does the kubelet's work: it
 * probes the liveness of both, kills the one that does not answer and starts it again. Envoy routes
 * to it when it is ready. Requests in flight at the hung replica are lost, because a POST is never
 * repeated.
 */
export const liveness: Demonstration = async (environment, load) => {
  const { approval: replicas } = await environment.start({
    services: { approval: 2 },
    env: { approval: { APPROVAL_DELAY_MS: '100' } },
  });
  const [hung] = replicas;
  const envoy = await environment.envoy({ upstreams: replicas.map(portOf) });
  const start = performance.now();
  const secondsSince = (time: number) => (performance.now() - time) / 1000;

  const hangAndRestart = async () => {
    await sleep(LEAD_MS);
    const probing = new AbortController();
    const failing = Promise.race(
      replicas.map(async (replica) => {
        await livenessFails(replica, probing.signal);
        return replica;
      }),
    );
    environment.say(`${hung.name} hangs (SIGSTOP)`);
    const hungAt = performance.now();
    await hung.kill('SIGSTOP');
    const restarted = await failing;
    probing.abort();
    environment.say(
      `${restarted.name} does not answer its liveness probe: it is killed and restarted`,
    );
    await envoy.route(replicas.filter((each) => each !== restarted).map(portOf));
    await restarted.kill();
    await restarted.start();
    await envoy.route(replicas.map(portOf));
    environment.say(`${restarted.name} is ready again`);
    return {
      restarted,
      restartSeconds: secondsSince(hungAt),
      backAtSeconds: secondsSince(start),
    };
  };
  const [siege, { restarted, ...times }] = await Promise.all([
    environment.siege({
      ...load,
      delaySeconds: DELAY_SECONDS,
      url: `${envoy.url}/approvals`,
      body: CLASSIC_BODY,
    }),
    hangAndRestart(),
  ]);
  const requests = await envoy.requests();
  const failed = requests.filter(({ status }) => status >= 500);
  return livenessChecks({
    siege,
    users: load.users,
    givenUpAfterSeconds: SIEGE_TIMEOUT_SECONDS,
    hung: hung.name,
    restarted: restarted.name,
    ...times,
    failedElsewhere: failed.filter(({ upstream }) => upstream !== addressOf(hung)).length,
    answeredSince: answeredSinceFailure(requests, addressOf(restarted)),
  });
};

/** Resolves when FAILURE_THRESHOLD consecutive probes have failed or the signal aborts. */
async function livenessFails({ url }: ServiceProcess, signal: AbortSignal): Promise<void> {
  for (let failures = 0; failures < FAILURE_THRESHOLD && !signal.aborted;) {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const alive = await fetch(`${url}/actuator/health/liveness`, { signal: timeout }).then(
      ({ ok }) => ok,
      () => false,
    );
    failures = alive ? 0 : failures + 1;
    await sleep(PERIOD_MS);
  }
}

const addressOf = (replica: ServiceProcess): string => `127.0.0.1:${portOf(replica)}`;
