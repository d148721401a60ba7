import type { Load } from '../demonstrations/demonstration.ts';
import type { Check } from '../result.ts';
import type { ClusterDemonstration } from './demonstrations.ts';
import { Kubectl, NAMESPACE } from './kubectl.ts';
import { Scene } from './scene.ts';

interface Told {
  readonly say: (text: string) => void;
  readonly onSiegeLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Plays a demonstration in a cluster, and puts everything there back afterwards. */
export async function playInCluster(
  demonstration: ClusterDemonstration,
  context: string,
  load: Load,
  { say, onSiegeLine, signal }: Told,
): Promise<Check[]> {
  const kubectl = new Kubectl(context, signal);
  say(`in namespace ${NAMESPACE} of ${context}`);
  await kubectl.run(['get', 'deployment', 'approval', 'gateway', '--output', 'name']);
  const scene = new Scene(kubectl, say);
  try {
    return await demonstration({ kubectl, scene, say, onSiegeLine }, load);
  } finally {
    await scene.restore();
  }
}
