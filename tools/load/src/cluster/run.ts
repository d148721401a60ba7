import type { Load } from '../demonstrations/demonstration.ts';
import type { Check } from '../result.ts';
import type { ClusterDemonstration } from './demonstrations.ts';
import { Kubectl, NAMESPACE } from './kubectl.ts';
import { ClusterState } from './cluster-state.ts';

interface Reporting {
  readonly say: (text: string) => void;
  readonly onSiegeLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Runs a demonstration in a cluster and restores the cluster afterwards. */
export async function runInCluster(
  demonstration: ClusterDemonstration,
  context: string,
  load: Load,
  { say, onSiegeLine, signal }: Reporting,
): Promise<Check[]> {
  const kubectl = new Kubectl(context, signal);
  say(`in namespace ${NAMESPACE} of ${context}`);
  await kubectl.run(['get', 'deployment', 'approval', 'gateway', '--output', 'name']);
  const clusterState = new ClusterState(kubectl, say);
  try {
    return await demonstration({ kubectl, clusterState, say, onSiegeLine }, load);
  } finally {
    await clusterState.restore();
  }
}
