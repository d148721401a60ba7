import type { Load } from '../demonstrations.ts';
import type { Reporting } from '../environment.ts';
import type { Check } from '../result.ts';
import { ClusterEnvironment } from './environment.ts';
import { Kubectl, NAMESPACE } from './kubectl.ts';

/** Runs a demonstration in a cluster and restores the cluster afterwards. */
export async function runInCluster(
  demonstration: (environment: ClusterEnvironment, load: Load) => Promise<Check[]>,
  context: string,
  load: Load,
  reporting: Reporting,
): Promise<Check[]> {
  const kubectl = new Kubectl(context, reporting.signal);
  reporting.say(`in namespace ${NAMESPACE} of ${context}`);
  await kubectl.run(['get', 'deployment', 'approval', 'gateway', '--output', 'name']);
  // unlike kubectl api-resources, it does not fail when one API of the cluster is unavailable
  const hasMesh = (await kubectl.run(['get', '--raw', '/apis'])).includes('"networking.istio.io"');
  const environment = new ClusterEnvironment({ kubectl, context, reporting, hasMesh });
  try {
    return await demonstration(environment, load);
  } finally {
    await environment.restore();
  }
}
