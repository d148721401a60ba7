import { buildClusters } from '../build.ts';
import { checkCluster } from '../check-cluster.ts';
import { Cluster } from '../cluster.ts';
import { readCode, type Code } from '../code.ts';
import type { KubernetesObject } from '../objects.ts';

/** The repository's manifests. Tests change copies of them. */
export class Manifests {
  readonly clusters: readonly Cluster[];
  readonly #code: Code;

  private constructor(clusters: readonly Cluster[], code: Code) {
    this.clusters = clusters;
    this.#code = code;
  }

  static async read(): Promise<Manifests> {
    return new Manifests(await buildClusters(), await readCode());
  }

  of(overlay: string): Cluster {
    const cluster = this.clusters.find(({ name }) => name === overlay);
    if (!cluster) throw new Error(`there is no overlay ${overlay}`);
    return cluster;
  }

  /** An overlay with a fault in one object. A generated name may be given without its hash suffix. */
  spoiled<T extends KubernetesObject>(
    overlay: string,
    object: string,
    spoil: (object: T) => void,
  ): Cluster {
    const cluster = new Cluster(overlay, structuredClone(this.of(overlay).objects));
    const [kind = '', name = ''] = object.split('/');
    const all = cluster.all<T>(kind);
    const found =
      all.find(({ metadata }) => metadata.name === name) ??
      all.find(({ metadata }) => metadata.name.startsWith(`${name}-`));
    if (!found) throw new Error(`there is no ${object}`);
    spoil(found);
    return cluster;
  }

  expectFinding(cluster: Cluster, object: string, found: string): void {
    const lines = checkCluster(cluster, this.#code).map((each) => `${each.object}: ${each.found}`);
    const isIt = (line: string) => line.includes(object) && line.includes(found);
    expect(lines.filter(isIt)).not.toEqual([]);
  }

  findings() {
    return this.clusters.flatMap((cluster) => checkCluster(cluster, this.#code));
  }
}
