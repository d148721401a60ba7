import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil, type ServiceProcess } from '@equipmgnt/testing';
import { redeployChecks, type Redeployed } from '../thresholds.ts';
import type { Envoy } from '../envoy/envoy.ts';
import { CLASSIC_BODY } from '../siege/siege.ts';
import type { Environment } from '../environment.ts';
import { portOf, type Demonstration, type Load } from './demonstration.ts';

const REPLICAS = 2;
// The pause between a user's requests. A failure returns immediately, so without a pause most
// requests would be failures.
const DELAY_SECONDS = 0.5;
// The rollout begins under load.
const LEAD_MS = 2_000;
const PRE_STOP_MS = 1_000;
const STARTED_WITHIN_MS = 10_000;

const APPROVAL = { env: { approval: { APPROVAL_DELAY_MS: '100' } } };

/**
 * Two replicas of approval are replaced one after another under load, as a Deployment with
 * maxUnavailable 0 and maxSurge 1 does it; Envoy's endpoints follow each pod that becomes ready
 * or stops. Without a readiness probe, Kubernetes treats a container as ready as soon as it runs.
 */
export const redeploy: Demonstration = async (environment, load) => {
  const suite = await environment.start({ services: { approval: REPLICAS }, ...APPROVAL });
  const envoy = await environment.envoy({ upstreams: suite.approval.map(portOf) });

  environment.say('rolling redeploy with the readiness probe');
  const first = await underSiege(environment, envoy, load, suite.approval, true);
  environment.say('the same without the readiness probe');
  const second = await underSiege(environment, envoy, load, first.replicas, false);
  return redeployChecks(first, second);
};

async function underSiege(
  environment: Environment,
  envoy: Envoy,
  load: Load,
  replicas: readonly ServiceProcess[],
  probed: boolean,
): Promise<Redeployed & { readonly replicas: readonly ServiceProcess[] }> {
  const start = performance.now();
  const [siege, rolledOut] = await Promise.all([
    environment.siege({
      ...load,
      delaySeconds: DELAY_SECONDS,
      url: `${envoy.url}/approvals`,
      body: CLASSIC_BODY,
    }),
    sleep(LEAD_MS).then(async () => {
      const fresh = await rollOut(environment, envoy, replicas, probed);
      return { replicas: fresh, seconds: (performance.now() - start) / 1000 };
    }),
  ]);
  return { siege, ...rolledOut };
}

async function rollOut(
  environment: Environment,
  envoy: Envoy,
  replicas: readonly ServiceProcess[],
  probed: boolean,
): Promise<ServiceProcess[]> {
  const serving = [...replicas];
  const readiness: Promise<void>[] = [];
  for (const old of replicas) {
    const [fresh] = (await environment.prepare({ services: { approval: 1 }, ...APPROVAL }))
      .approval;
    const ready = fresh.start();
    readiness.push(ready);
    await (probed ? ready : waitUntil(() => isRunning(fresh), { withinMs: STARTED_WITHIN_MS }));
    serving.push(fresh);
    serving.splice(serving.indexOf(old), 1);
    // no requests may go to it when it stops, so its endpoint is removed first, as with a preStop pause
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
