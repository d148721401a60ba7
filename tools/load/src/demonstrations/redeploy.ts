import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil, type ServiceProcess } from '@equipmgnt/testing';
import { redeployBar, type Redeployed } from '../thresholds.ts';
import type { Envoy } from '../envoy/envoy.ts';
import { CLASSIC_BODY } from '../siege/siege.ts';
import type { Stage } from '../environment.ts';
import { portOf, type Demonstration, type Load } from './demonstration.ts';

const REPLICAS = 2;
// Between each user's requests: failures come back at once, and would drown everything else.
const DELAY_SECONDS = 0.5;
// Before the rollout begins, there is to be load.
const LEAD_MS = 2_000;
const PRE_STOP_MS = 1_000;
const STARTED_WITHIN_MS = 10_000;

const APPROVAL = { env: { approval: { APPROVAL_DELAY_MS: '100' } } };

/**
 * Two replicas of approval are replaced one after another under load, as a Deployment with
 * maxUnavailable 0 and maxSurge 1 does it; Envoy is told of each pod that becomes ready or goes.
 * Without a readiness probe, Kubernetes takes a container for ready as soon as it runs.
 */
export const redeploy: Demonstration = async (stage, load) => {
  const suite = await stage.start({ services: { approval: REPLICAS }, ...APPROVAL });
  const envoy = await stage.envoy({ upstreams: suite.approval.map(portOf) });

  stage.say('rolling redeploy with the readiness probe');
  const first = await underSiege(stage, envoy, load, suite.approval, true);
  stage.say('the same without the readiness probe');
  const second = await underSiege(stage, envoy, load, first.replicas, false);
  return redeployBar(first, second);
};

async function underSiege(
  stage: Stage,
  envoy: Envoy,
  load: Load,
  replicas: readonly ServiceProcess[],
  probed: boolean,
): Promise<Redeployed & { readonly replicas: readonly ServiceProcess[] }> {
  const start = performance.now();
  const [siege, rolledOut] = await Promise.all([
    stage.siege({
      ...load,
      delaySeconds: DELAY_SECONDS,
      url: `${envoy.url}/approvals`,
      body: CLASSIC_BODY,
    }),
    sleep(LEAD_MS).then(async () => {
      const fresh = await rollOut(stage, envoy, replicas, probed);
      return { replicas: fresh, seconds: (performance.now() - start) / 1000 };
    }),
  ]);
  return { siege, ...rolledOut };
}

async function rollOut(
  stage: Stage,
  envoy: Envoy,
  replicas: readonly ServiceProcess[],
  probed: boolean,
): Promise<ServiceProcess[]> {
  const serving = [...replicas];
  const readiness: Promise<void>[] = [];
  for (const old of replicas) {
    const [fresh] = (await stage.prepare({ services: { approval: 1 }, ...APPROVAL })).approval;
    const ready = fresh.start();
    readiness.push(ready);
    await (probed ? ready : waitUntil(() => isRunning(fresh), { withinMs: STARTED_WITHIN_MS }));
    serving.push(fresh);
    serving.splice(serving.indexOf(old), 1);
    // it is no endpoint any more before it is told to stop: what the preStop pause is for
    await envoy.route(serving.map(portOf));
    await sleep(PRE_STOP_MS);
    await old.stop();
  }
  await Promise.all(readiness);
  return serving;
}

async function isRunning({ name, pid }: ServiceProcess): Promise<void> {
  if (pid === undefined) throw new Error(`${name} is not running yet`);
}
