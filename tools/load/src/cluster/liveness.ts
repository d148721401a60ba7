import { setTimeout as sleep } from 'node:timers/promises';
import { livenessChecks } from '../thresholds.ts';
import { answeredSinceFailure } from '../envoy/access-log.ts';
import type { ClusterDemonstration } from './demonstrations.ts';
import type { Kubectl } from './kubectl.ts';
import { APPROVAL, actUnderSiege } from './siege-job.ts';

const REPLICAS = 2;
const SAMPLE_MS = 1_000;
const RESTARTED_WITHIN_MS = 300_000;

/** The timeout of approval's route in istio/virtual-services.yaml. It is shorter than siege's own. */
export const ROUTE_TIMEOUT_SECONDS = 15;

/**
 * Makes process 1 of a container hang: SIGUSR1 opens its inspector, which starts an
 * endless loop. A SIGSTOP from inside the container has no effect on its process 1.
 */
export const HANG = `
process.kill(Number(process.argv[1] ?? 1), 'SIGUSR1');
const inspector = async (attempt = 0) => {
  try {
    return (await (await fetch('http://127.0.0.1:9229/json')).json())[0].webSocketDebuggerUrl;
  } catch (error) {
    if (attempt === 50) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return inspector(attempt + 1);
  }
};
const socket = new WebSocket(await inspector());
socket.onopen = () => {
  const params = { expression: 'for (;;);' };
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
  setTimeout(() => process.exit(), 500);
};`;

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly podIP: string;
    readonly containerStatuses: readonly {
      name: string;
      ready: boolean;
      restartCount: number;
    }[];
  };
}

/** One of two pods hangs. Its liveness probe fails, so the kubelet kills and restarts it. */
export const liveness: ClusterDemonstration = async (environment, load) => {
  const { kubectl, clusterState, say, onSiegeLine: onLine } = environment;
  await clusterState.meshBreaker(false);
  await clusterState.autoscaler({ minReplicas: REPLICAS });
  say(`waiting for ${REPLICAS} pods`);
  const enough = `--for=jsonpath={.status.readyReplicas}=${REPLICAS}`;
  await kubectl.run(['wait', enough, 'deployment/approval', '--timeout=600s']);
  const before = await pods(kubectl);
  const [hung] = before;
  if (hung === undefined) throw new Error('approval has no pod');
  const { name } = hung.metadata;

  const run = { ...APPROVAL, ...load, delaySeconds: 0.5, onLine };
  const { siege, requests, value, seconds } = await actUnderSiege(kubectl, run, async () => {
    say(`${name} hangs`);
    const hungAt = performance.now();
    const node = ['node', '--input-type=module', '--eval', HANG];
    await kubectl.run(['exec', name, '--container', 'approval', '--', ...node]);
    const restarted = await backAfterRestart(kubectl, before);
    say(`${restarted} was restarted and is ready`);
    return { restarted, restartSeconds: (performance.now() - hungAt) / 1000 };
  });
  const address = `${hung.status.podIP}:8080`;
  const failed = requests.filter(({ status }) => status >= 500);
  return livenessChecks({
    siege,
    users: load.users,
    givenUpAfterSeconds: ROUTE_TIMEOUT_SECONDS,
    hung: name,
    ...value,
    backAtSeconds: seconds,
    failedElsewhere: failed.filter(({ upstream }) => upstream !== address).length,
    answeredSince: answeredSinceFailure(requests, address),
  });
};

const pods = async (kubectl: Kubectl): Promise<readonly Pod[]> =>
  (await kubectl.get<{ items: Pod[] }>('pod', '--selector', 'app=approval')).items;

const containerOf = (pod: Pod) =>
  pod.status.containerStatuses.find(({ name }) => name === 'approval');

/** Waits until a restarted container is ready. @returns the name of its pod */
async function backAfterRestart(kubectl: Kubectl, before: readonly Pod[]): Promise<string> {
  const restarts = new Map(
    before.map((pod) => [pod.metadata.name, containerOf(pod)?.restartCount ?? 0]),
  );
  const deadline = performance.now() + RESTARTED_WITHIN_MS;
  while (performance.now() < deadline) {
    const back = (await pods(kubectl)).find((pod) => {
      const { ready, restartCount } = containerOf(pod) ?? { ready: false, restartCount: 0 };
      return ready && restartCount > (restarts.get(pod.metadata.name) ?? restartCount);
    });
    if (back) return back.metadata.name;
    await sleep(SAMPLE_MS);
  }
  return 'none';
}
