import { edgesOf } from '../architecture.ts';
import type { Cluster } from '../cluster.ts';
import type { Code } from '../code.ts';
import { nameOf, type Service, type VirtualService } from '../objects.ts';
import type { Complaint } from './check.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** The gateway's routes must lead to controllers, and the mesh must not retry writes. */
export const mesh = (cluster: Cluster, code: Code): Complaint[] => [
  ...routes(cluster, code),
  ...cluster.all<VirtualService>('VirtualService').flatMap(retriesOf),
  ...withoutRoutes(cluster),
];

function routes(cluster: Cluster, code: Code): Complaint[] {
  const hosts = cluster.all('ConfigMap').find(({ data }) => data && 'ORDER_URL' in data)?.data;
  if (!hosts) {
    const expected = 'ORDER_URL and the other addresses that the gateway needs';
    return [{ object: 'ConfigMap/hosts', found: 'no addresses of services', expected }];
  }
  return code.routesOf(hosts).flatMap(({ service, url, prefixes }) => {
    const behind = cluster.service(new URL(url).hostname)?.spec.selector?.['app'] ?? 'no service';
    const paths = code.controllers[behind] ?? [];
    const pathsTo = (caller: string, called: string) =>
      edgesOf(cluster).find(({ from, to }) => from === caller && to === called)?.paths ?? [];
    const outside = pathsTo('istio-ingressgateway', 'gateway');
    const inside = pathsTo('gateway', service);
    return Object.entries(prefixes).flatMap(([prefix, target]) => [
      ...(paths.includes(target)
        ? []
        : [
            {
              object: `the gateway's route ${prefix}`,
              found: `${target} at ${url}, which is ${behind}`,
              expected: `one of its controllers: ${paths.join(', ') || 'none'}`,
            },
          ]),
      ...[
        { path: prefix, found: `${prefix} from outside`, allowed: outside },
        { path: target, found: `${target} of ${service}`, allowed: inside },
      ]
        .filter(({ path, allowed }) => !allowed.includes(`${path}/*`))
        .map(({ found, allowed }) => ({
          object: `the gateway's route ${prefix}`,
          found,
          expected: `a path that the architecture's edge allows: ${allowed.join(', ')}`,
        })),
    ]);
  });
}

/** By default Istio retries every request twice. Only reads may be retried. */
function retriesOf(virtual: VirtualService): Complaint[] {
  return (virtual.spec.http ?? []).flatMap(({ match = [], retries, timeout }, index) => {
    const object = `${nameOf(virtual)} http[${index}]`;
    const onlyReads =
      match.length > 0 &&
      match.every(({ method }) => SAFE_METHODS.includes(method?.exact ?? 'any'));
    const attempts = retries?.attempts ?? 'by default 2';
    return [
      ...(onlyReads || attempts === 0
        ? []
        : [
            {
              object,
              found: `retries.attempts ${attempts}, including writes`,
              expected: `0, or a match of ${SAFE_METHODS.join(', ')} only`,
            },
          ]),
      ...(timeout === undefined ? [{ object, found: 'no timeout', expected: 'a timeout' }] : []),
    ];
  });
}

/** Istio's default retries apply to a service without a VirtualService. */
function withoutRoutes(cluster: Cluster): Complaint[] {
  const virtuals = cluster.all<VirtualService>('VirtualService');
  const routed = virtuals
    .filter(({ spec }) => (spec.gateways ?? ['mesh']).includes('mesh'))
    .flatMap(({ spec }) => spec.hosts);
  return cluster
    .all<Service>('Service')
    .filter(({ spec }) => spec.ports.some(({ name = '' }) => name.startsWith('http')))
    .filter(({ metadata }) => !routed.includes(metadata.name))
    .map((service) => ({
      object: nameOf(service),
      found: 'no VirtualService in the mesh',
      expected: 'a VirtualService that sets the retries',
    }));
}
