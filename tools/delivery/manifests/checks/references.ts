import { PROVIDED } from '../architecture.ts';
import { containersOf, isJob, labelsOf, type Cluster } from '../cluster.ts';
import {
  nameOf,
  selects,
  type NetworkPolicy,
  type Selecting,
  type Selector,
  type Workload,
} from '../objects.ts';
import type { Complaint } from './check.ts';

/** Everything that an object names or selects must exist. */
export const references = (cluster: Cluster): Complaint[] => [
  ...twice(cluster),
  ...cluster.workloads.flatMap((workload) => ofWorkload(cluster, workload)),
  ...selectors(cluster),
];

function twice(cluster: Cluster): Complaint[] {
  const names = cluster.objects.map(nameOf);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  return repeated.map((object) => ({
    object,
    found: 'more than one of this name',
    expected: 'one: the later one would replace the other',
  }));
}

function ofWorkload(cluster: Cluster, workload: Workload): Complaint[] {
  const object = nameOf(workload);
  const { selector } = workload.spec;
  const {
    serviceAccountName,
    volumes = [],
    topologySpreadConstraints = [],
  } = workload.spec.template.spec;
  const complaints: Complaint[] = [];
  const labels = labelsOf(workload);
  const ownPods = (what: string, selecting: Selector | undefined) => {
    if (selecting && selects(selecting, labels)) return;
    const found = `${what} ${JSON.stringify(selecting)}`;
    complaints.push({ object, found, expected: `its own pods' labels: ${JSON.stringify(labels)}` });
  };
  if (!isJob(workload)) ownPods('selector', selector);
  for (const { topologyKey, labelSelector } of topologySpreadConstraints) {
    ownPods(`topologySpreadConstraints ${topologyKey}`, labelSelector);
  }
  if (!cluster.find('ServiceAccount', serviceAccountName ?? 'none')) {
    const found = `serviceAccountName ${serviceAccountName ?? '(none)'}`;
    complaints.push({
      object,
      found,
      expected: 'a ServiceAccount of its own, which policies refer to',
    });
  }
  const needs = (kind: 'ConfigMap' | 'Secret', name: string, where: string, key?: string) => {
    const provided = cluster.isManaged ? PROVIDED[`${kind}/${name}`] : undefined;
    const values = cluster.values(kind, name) ?? provided;
    if (values !== undefined && (key === undefined || key in values)) return;
    const found = `${kind} ${name}${key === undefined ? '' : ` key ${key}`}`;
    const keys = values && `one of its keys: ${Object.keys(values).join(', ')}`;
    complaints.push({ object: where, found, expected: keys ?? `an existing ${kind}` });
  };
  for (const { configMap, secret } of volumes) {
    if (configMap) needs('ConfigMap', configMap.name, object);
    if (secret) needs('Secret', secret.secretName, object);
  }
  for (const { container, object: where } of containersOf(workload)) {
    for (const { valueFrom } of container.env ?? []) {
      const { configMapKeyRef: map, secretKeyRef: secret } = valueFrom ?? {};
      if (map) needs('ConfigMap', map.name, where, map.key);
      if (secret) needs('Secret', secret.name, where, secret.key);
    }
    for (const { configMapRef: map, secretRef: secret } of container.envFrom ?? []) {
      if (map) needs('ConfigMap', map.name, where);
      if (secret && !secret.optional) needs('Secret', secret.name, where);
    }
  }
  return complaints;
}

const SELECTING = [
  'PodDisruptionBudget',
  'AuthorizationPolicy',
  'RequestAuthentication',
  'PeerAuthentication',
  'Telemetry',
];

/** Every selector must match a pod. An object without a selector applies to the whole namespace. */
function selectors(cluster: Cluster): Complaint[] {
  const direct = SELECTING.flatMap((kind) => cluster.all<Selecting>(kind)).flatMap((object) =>
    object.spec.selector ? [{ object, selector: object.spec.selector }] : [],
  );
  const network = cluster.all<NetworkPolicy>('NetworkPolicy').flatMap((object) => {
    const { podSelector, ingress = [], egress = [] } = object.spec;
    const peers = [
      ...ingress.flatMap(({ from = [] }) => from),
      ...egress.flatMap(({ to = [] }) => to),
    ];
    const near = peers.filter((peer) => !peer.namespaceSelector && peer.podSelector);
    return [podSelector, ...near.map((peer) => peer.podSelector!)].map((selector) => ({
      object,
      selector,
    }));
  });
  return [...direct, ...network]
    .filter(({ selector }) => cluster.selected(selector).length === 0)
    .map(({ object, selector }) => ({
      object: nameOf(object),
      found: `selector ${JSON.stringify(selector)}, which matches no pod`,
      expected: 'the labels of a workload',
    }));
}
