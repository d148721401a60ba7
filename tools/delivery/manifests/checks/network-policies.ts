import { appOf, commonEdges, edgesOf, outsiders, type Edge } from '../architecture.ts';
import { containersOf, labelsOf, type Cluster } from '../cluster.ts';
import {
  selects,
  type Labels,
  type NetworkPeer,
  type NetworkPolicy,
  type NetworkRule,
} from '../objects.ts';
import type { Complaint } from './check.ts';

/** One end of a connection. */
interface End {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly address?: string;
  readonly ports: readonly string[];
}

const NAMESPACE = 'istio-cb-ns';
/** The port of a proxy's metrics. */
const METRICS = '15020/TCP';

/**
 * The network policies must allow the edges of the architecture and no other. The check evaluates both
 * directions for every pair of ends, unknown ends included.
 */
export function networkPolicies(cluster: Cluster): Complaint[] {
  const policies = cluster.all<NetworkPolicy>('NetworkPolicy');
  const inside = new Map<string, End>();
  for (const workload of cluster.workloads) {
    const ports = containersOf(workload)
      .flatMap(({ container }) => container.ports ?? [])
      .map(({ containerPort, protocol = 'TCP' }) => `${containerPort}/${protocol}`);
    const name = appOf(workload);
    const labels = labelsOf(workload);
    inside.set(name, { name, namespace: NAMESPACE, labels, ports: [...ports, METRICS] });
  }
  const ends: End[] = [...inside.values(), ...outsiders(cluster)];
  const expected = [...edgesOf(cluster), ...[...inside.keys()].flatMap(commonEdges)];
  return [...inside.values()].flatMap((end) => {
    const outgoing = ends.flatMap((to) =>
      allowed(policies, 'Egress', end, to, to.ports).map((port) => ({ from: end, to, port })),
    );
    const incoming = ends.flatMap((from) =>
      allowed(policies, 'Ingress', end, from, end.ports).map((port) => ({ from, to: end, port })),
    );
    return [
      ...differences(
        end,
        'egress',
        outgoing,
        expected.filter(({ from }) => from === end.name),
      ),
      ...differences(
        end,
        'ingress',
        incoming,
        expected.filter(({ to }) => to === end.name),
      ),
    ];
  });
}

/** The ports that the policies of `pod` allow between it and `peer`, in one direction. */
function allowed(
  policies: readonly NetworkPolicy[],
  direction: 'Ingress' | 'Egress',
  pod: End,
  peer: End,
  ports: readonly string[],
): string[] {
  const own = policies.filter(
    ({ spec }) =>
      selects(spec.podSelector, pod.labels) &&
      (spec.policyTypes ?? ['Ingress']).includes(direction),
  );
  if (own.length === 0) return [...ports];
  const rules = own.flatMap(({ spec }) =>
    direction === 'Ingress'
      ? (spec.ingress ?? []).map((rule) => ({ rule, peers: rule.from }))
      : (spec.egress ?? []).map((rule) => ({ rule, peers: rule.to })),
  );
  return ports.filter((port) =>
    rules.some(
      ({ rule, peers }) =>
        (!peers?.length || peers.some((each) => isPeer(each, peer))) && hasPort(rule, port),
    ),
  );
}

function isPeer({ ipBlock, namespaceSelector, podSelector }: NetworkPeer, end: End): boolean {
  if (ipBlock) return ipBlock.cidr === end.address || ipBlock.cidr.endsWith('/0');
  if (end.address !== undefined) return false;
  const near = namespaceSelector
    ? selects(namespaceSelector, { 'kubernetes.io/metadata.name': end.namespace })
    : end.namespace === NAMESPACE;
  return near && selects(podSelector ?? {}, end.labels);
}

const hasPort = ({ ports }: NetworkRule, wanted: string): boolean =>
  !ports?.length ||
  ports.some(({ port, protocol = 'TCP' }) =>
    port === undefined ? wanted.endsWith(`/${protocol}`) : wanted === `${port}/${protocol}`,
  );

interface Connection {
  readonly from: End;
  readonly to: End;
  readonly port: string;
}

function differences(
  end: End,
  direction: string,
  found: readonly Connection[],
  expected: readonly Edge[],
): Complaint[] {
  const object = `NetworkPolicies of ${end.name}`;
  const isExpected = ({ from, to, port }: Connection) =>
    expected.some((edge) => edge.from === from.name && edge.to === to.name && edge.port === port);
  const tooMuch = found.filter((connection) => !isExpected(connection));
  const tooLittle = expected.filter(
    ({ from, to, port }) =>
      !found.some((each) => each.from.name === from && each.to.name === to && each.port === port),
  );
  return [
    ...tooMuch.map(({ from, to, port }) => ({
      object,
      found: `${direction} allows ${from.name} → ${to.name} ${port}`,
      expected: 'only the edges of the architecture',
    })),
    ...tooLittle.map(({ from, to, port }) => ({
      object,
      found: `${direction} does not allow ${from} → ${to} ${port}`,
      expected: 'all edges of the architecture',
    })),
  ];
}
