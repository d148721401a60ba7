import type { Environment } from './environment.ts';
import type { Check } from './result.ts';
import { CLASSIC_BODY } from './siege/siege.ts';
import {
  breakerChecks,
  fallbackChecks,
  livenessChecks,
  noBreakerChecks,
  redeployChecks,
} from './thresholds.ts';

export interface Load {
  readonly users: number;
  readonly seconds: number;
}

/** Sets up what it needs, runs siege, and returns its checks. */
export type Demonstration = (environment: Environment, load: Load) => Promise<Check[]>;

const REPLICAS = 2;
const SETTLED_WITHIN_MS = 300_000;
// The longest pause of a user between two orders, so that the load is that of people.
const ORDER_DELAY_SECONDS = 1;
// The same for approvals. A failure returns immediately, so without a pause most requests would be
// failures.
const APPROVAL_DELAY_SECONDS = 0.5;

const approvals = (environment: Environment, load: Load, delaySeconds = 0) => ({
  ...load,
  delaySeconds,
  url: environment.approvalsUrl,
  body: CLASSIC_BODY,
});

/** Siege calls a slow approval without a breaker: every request waits and is served. */
export const noBreaker: Demonstration = async (environment, load) => {
  await environment.setUpApproval({ slow: true });
  const { siege } = await environment.siege(approvals(environment, load));
  return noBreakerChecks(siege);
};

/**
 * Siege and order call a slow approval through a proxy with the numbers of a DestinationRule. It
 * refuses some of siege's requests immediately. All orders are accepted: an order that the proxy or
 * order's own breaker refuses is approved by its event.
 */
export const breaker: Demonstration = async (environment, load) => {
  await environment.setUpApproval({ slow: true, meshBreaker: true });
  const client = await environment.client();
  const equipmentId = await client.register();
  const first = await client.order(equipmentId); // in a new suite, the one that siege approves

  environment.say('orders arrive during the siege');
  const stopOrdering = client.keepOrdering(equipmentId);
  const { siege, requests } = await environment.siege(approvals(environment, load));
  const orders = [first, ...(await stopOrdering())];
  const breakers = await environment.breakers();
  const counts = await client.settled(equipmentId, SETTLED_WITHIN_MS);
  return breakerChecks({
    siege,
    requests,
    ...breakers,
    orders: orders.map(({ status }) => status),
    approved: counts['APPROVED'] ?? 0,
  });
};

/** Approval is down while siege orders through the gateway. Then it is started. */
export const fallback: Demonstration = async (environment, load) => {
  environment.say('approval is down');
  await environment.stopApproval();
  const client = await environment.client();
  const equipmentId = await client.register();
  const { siege } = await environment.siege({
    ...load,
    delaySeconds: ORDER_DELAY_SECONDS,
    url: environment.ordersUrl,
    body: JSON.stringify({ qty: 1, equipmentId }),
  });
  environment.say('approval is started');
  await environment.startApproval();
  return fallbackChecks({ siege, orders: await client.settled(equipmentId, SETTLED_WITHIN_MS) });
};

/**
 * The replicas of approval are replaced under load, twice. Without a readiness probe, Kubernetes
 * treats a container as ready as soon as it runs.
 */
export const redeploy: Demonstration = async (environment, load) => {
  await environment.setUpApproval({ replicas: REPLICAS });
  const underSiege = (probed: boolean) => {
    environment.say(`rolling redeploy ${probed ? 'with' : 'without'} the readiness probe`);
    const run = approvals(environment, load, APPROVAL_DELAY_SECONDS);
    return environment.siege(run, () => environment.rollOut(probed));
  };
  return redeployChecks(await underSiege(true), await underSiege(false), load.users);
};

/**
 * One of two replicas of approval hangs under load. Its liveness probe fails, so it is killed and
 * restarted. Requests in flight at it are lost, because a POST is never repeated.
 */
export const liveness: Demonstration = async (environment, load) => {
  await environment.setUpApproval({ replicas: REPLICAS });
  const run = approvals(environment, load, APPROVAL_DELAY_SECONDS);
  const { siege, value, seconds } = await environment.siege(run, async () => {
    const before = await environment.answers();
    const { name, restarted } = await environment.hang();
    environment.say(`${name} hangs`);
    const hungAt = performance.now();
    const again = await restarted();
    environment.say(`${again} was restarted and is ready`);
    const restartSeconds = (performance.now() - hungAt) / 1000;
    return { before, hung: name, restarted: again, restartSeconds };
  });
  const { before, hung, ...times } = value;
  const after = await environment.answers();
  const others = [...after].filter(([name]) => name !== hung);
  const increase = (what: 'answered' | 'failed') =>
    others.reduce((sum, [name, now]) => sum + now[what] - (before.get(name)?.[what] ?? 0), 0);
  return livenessChecks({
    siege,
    users: load.users,
    givenUpAfterSeconds: environment.requestLimitSeconds,
    hung,
    ...times,
    backAtSeconds: seconds,
    answeredElsewhere: increase('answered'),
    failedElsewhere: increase('failed'),
    answeredSince: after.get(times.restarted)?.answered ?? 0, // its counters began at the restart
  });
};
