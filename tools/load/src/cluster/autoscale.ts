import type { Load } from '../demonstrations.ts';
import type { Check } from '../result.ts';
import { CLASSIC_BODY } from '../siege/siege.ts';
import { autoscaleChecks } from '../thresholds.ts';
import type { ClusterEnvironment } from './environment.ts';
import { poll } from './kubectl.ts';

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

/** The autoscaler follows the load; in a cluster only. */
export async function autoscale(environment: ClusterEnvironment, load: Load): Promise<Check[]> {
  await environment.setUpApproval({});
  await environment.state.autoscaler(AUTOSCALER);
  await environment.state.cpuRequest(CPU_REQUEST);
  const replicas = async () => (await environment.deployment()).status.replicas ?? 0;
  const one = async () => {
    await poll(SCALED_WITHIN_MS, async () => (await replicas()) === 1 || undefined, SAMPLE_MS);
    return replicas();
  };

  environment.say('waiting for one replica');
  const before = await one();
  let peak = before;
  const over = new AbortController();
  const watching = poll(
    Infinity,
    async () => {
      const now = await replicas();
      if (now > peak) environment.say(`approval has ${now} replicas`);
      peak = Math.max(peak, now);
      return over.signal.aborted || undefined;
    },
    SAMPLE_MS,
  );
  const run = { ...load, url: environment.approvalsUrl, body: CLASSIC_BODY };
  const running = environment.siege(run).finally(() => over.abort());
  await Promise.allSettled([running, watching]); // both end before anything is restored
  const [{ siege }] = await Promise.all([running, watching]);
  environment.say('the load is over, waiting for one replica');
  return autoscaleChecks({ siege, before, peak, after: await one(), max: AUTOSCALER.maxReplicas });
}
