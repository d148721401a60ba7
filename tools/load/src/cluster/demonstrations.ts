import { setTimeout as sleep } from 'node:timers/promises';
import {
  autoscaleChecks,
  breakerChecks,
  DELAY_MS,
  fallbackChecks,
  JITTER_MS,
  noBreakerChecks,
  redeployChecks,
} from '../thresholds.ts';
import type { Load } from '../demonstrations/demonstration.ts';
import { SuiteClient } from '../suite-client.ts';
import type { Check } from '../result.ts';
import type { Kubectl } from './kubectl.ts';
import type { Deployment, ClusterState } from './cluster-state.ts';
import { APPROVAL, ORDERS_URL, actUnderSiege, siegeInCluster } from './siege-job.ts';

export interface ClusterEnvironment {
  readonly kubectl: Kubectl;
  readonly clusterState: ClusterState;
  readonly say: (text: string) => void;
  readonly onSiegeLine: (line: string) => void;
}

export type ClusterDemonstration = (
  environment: ClusterEnvironment,
  load: Load,
) => Promise<Check[]>;

const SETTLED_WITHIN_MS = 300_000;
const SCALED_WITHIN_MS = 600_000;
const SAMPLE_MS = 5_000;

/**
 * The numbers of k8s/overlays/hpa-demo, which explains the CPU request. The scale-down is fast enough
 * to watch.
 */
const CPU_REQUEST = '600m';
const AUTOSCALER = {
  minReplicas: 1,
  maxReplicas: 10,
  metrics: [
    {
      type: 'ContainerResource',
      containerResource: {
        name: 'cpu',
        container: 'approval',
        target: { type: 'Utilization', averageUtilization: 15 },
      },
    },
  ],
  behavior: { scaleDown: { stabilizationWindowSeconds: 30 } },
};

const approvalDeployment = (kubectl: Kubectl) => kubectl.get<Deployment>('deployment', 'approval');

/** Reaches the gateway through kubectl, because it may have no external address. */
async function clientIn({ kubectl, clusterState }: ClusterEnvironment): Promise<SuiteClient> {
  const { url, stop } = await kubectl.forward('deployment/gateway', 8080);
  clusterState.afterwards(async () => stop());
  return new SuiteClient(url);
}

export const noBreaker: ClusterDemonstration = async (environment, load) => {
  const { kubectl, clusterState, onSiegeLine: onLine } = environment;
  await clusterState.meshBreaker(false);
  await clusterState.slowApproval(DELAY_MS, JITTER_MS);
  const { siege } = await siegeInCluster(kubectl, 'siege-approval', {
    ...APPROVAL,
    ...load,
    onLine,
  });
  return noBreakerChecks(siege);
};

export const breaker: ClusterDemonstration = async (environment, load) => {
  const { kubectl, clusterState, say, onSiegeLine: onLine } = environment;
  await clusterState.meshBreaker(true);
  await clusterState.slowApproval(DELAY_MS, JITTER_MS);
  const client = await clientIn(environment);
  const equipmentId = await client.register();
  say('orders arrive during the siege');
  const stopOrdering = client.keepOrdering(equipmentId);
  const run = { ...APPROVAL, ...load, onLine };
  const { siege, requests } = await siegeInCluster(kubectl, 'siege-approval', run);
  const orders = await stopOrdering();
  const { status } = await approvalDeployment(kubectl);
  const counts = await client.settled(equipmentId, SETTLED_WITHIN_MS);
  return breakerChecks({
    siege,
    requests,
    overflows: undefined,
    fallbacks: undefined,
    orders: orders.map((order) => order.status),
    approved: counts['APPROVED'] ?? 0,
    alive: (status.readyReplicas ?? 0) > 0,
  });
};

export const autoscale: ClusterDemonstration = async (environment, load) => {
  const { kubectl, clusterState, say, onSiegeLine: onLine } = environment;
  await clusterState.meshBreaker(false);
  await clusterState.autoscaler(AUTOSCALER);
  await clusterState.cpuRequest(CPU_REQUEST);
  say('waiting for one replica');
  const before = await replicasWhen(kubectl, 1);
  let peak = before;
  let over = false;
  const watch = async () => {
    while (!over) {
      const replicas = (await approvalDeployment(kubectl)).status.replicas ?? 0;
      if (replicas > peak) say(`approval has ${replicas} replicas`);
      peak = Math.max(peak, replicas);
      await sleep(SAMPLE_MS);
    }
  };
  const run = { ...APPROVAL, ...load, onLine };
  const [{ siege }] = await Promise.all([
    siegeInCluster(kubectl, 'siege-approval-120s', run).finally(() => (over = true)),
    watch(),
  ]);
  say('the load is over, waiting for one replica');
  const after = await replicasWhen(kubectl, 1);
  return autoscaleChecks({ siege, before, peak, after, max: AUTOSCALER.maxReplicas });
};

/** Waits for the wanted number of replicas. @returns the number at that time or at the time limit */
async function replicasWhen(kubectl: Kubectl, wanted: number): Promise<number> {
  const deadline = performance.now() + SCALED_WITHIN_MS;
  for (;;) {
    const replicas = (await approvalDeployment(kubectl)).status.replicas ?? 0;
    if (replicas === wanted || performance.now() > deadline) return replicas;
    await sleep(SAMPLE_MS);
  }
}

export const redeploy: ClusterDemonstration = async (environment, load) => {
  const { kubectl, clusterState, say, onSiegeLine: onLine } = environment;
  await clusterState.meshBreaker(false);
  const underSiege = (rollOut: () => Promise<unknown>) =>
    actUnderSiege(kubectl, { ...APPROVAL, ...load, onLine }, async () => {
      await rollOut();
      await clusterState.rolledOut();
    });

  say('rolling redeploy with the readiness probe');
  const probed = await underSiege(() => kubectl.run(['rollout', 'restart', 'deployment/approval']));
  say('the same without the readiness probe');
  const unprobed = await underSiege(() => clusterState.withoutReadiness());
  return redeployChecks(probed, unprobed);
};

export const fallback: ClusterDemonstration = async (environment, load) => {
  const { kubectl, clusterState, say, onSiegeLine: onLine } = environment;
  const client = await clientIn(environment);
  const equipmentId = await client.register();
  const { replicas } = (await approvalDeployment(kubectl)).spec;
  const scale = (count: number) => ['scale', 'deployment/approval', `--replicas=${count}`];
  clusterState.afterwards((undisturbed) => undisturbed.run(scale(replicas)));
  say('approval is scaled to 0'); // the autoscaler ignores a deployment with 0 replicas
  await kubectl.run(scale(0));
  const pods = ['pod', '--selector', 'app=approval', '--timeout=120s'];
  await kubectl.run(['wait', '--for=delete', ...pods]);
  const body = JSON.stringify({ qty: 1, equipmentId });
  const run = { ...load, delaySeconds: 1, url: ORDERS_URL, body, onLine };
  const { siege } = await siegeInCluster(kubectl, 'siege-orders', run);
  say(`approval is scaled to ${replicas} again`);
  await kubectl.run(scale(replicas));
  await clusterState.rolledOut();
  return fallbackChecks({ siege, orders: await client.settled(equipmentId, SETTLED_WITHIN_MS) });
};
