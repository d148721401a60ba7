import type { Cluster } from './cluster.ts';
import type { Finding } from './finding.ts';
import type { KubernetesObject } from './objects.ts';
import { istioSchemas, isOfIstio, validateIstio } from './schemas/istio.ts';
import { validateKubernetes } from './schemas/kubernetes.ts';

/** Validates every object strictly against the schemas of Kubernetes and Istio. */
export async function validate(clusters: readonly Cluster[]): Promise<Finding[]> {
  const schemas = await istioSchemas();
  const groups = byClusters(clusters);
  const ours = new Map(
    [...groups].map(([name, objects]) => [name, objects.filter((object) => !isOfIstio(object))]),
  );
  const ofIstio = [...groups].flatMap(([cluster, objects]) =>
    validateIstio(schemas, objects).map((complaint) => ({ cluster, ...complaint })),
  );
  return [...(await validateKubernetes(ours)), ...ofIstio];
}

/** Groups equal objects of several clusters, so that each is validated once. Keys are cluster names. */
function byClusters(clusters: readonly Cluster[]): Map<string, KubernetesObject[]> {
  const seen = new Map<string, { object: KubernetesObject; names: string[] }>();
  for (const { name, objects } of clusters) {
    for (const object of objects) {
      const text = JSON.stringify(object);
      const entry = seen.get(text) ?? { object, names: [] };
      entry.names.push(name);
      seen.set(text, entry);
    }
  }
  const groups = new Map<string, KubernetesObject[]>();
  for (const { object, names } of seen.values()) {
    const group = names.join(', ');
    groups.set(group, [...(groups.get(group) ?? []), object]);
  }
  return groups;
}
