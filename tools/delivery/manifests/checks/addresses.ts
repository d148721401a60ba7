import type { Cluster } from '../cluster.ts';
import { containersOf, portOf } from '../cluster.ts';
import { nameOf, type DestinationRule, type Service, type VirtualService } from '../objects.ts';
import type { Complaint } from './check.ts';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Every address in ConfigMaps, Secrets, command lines and the mesh must be one of a Service. */
export function addresses(cluster: Cluster): Complaint[] {
  const settings = [...cluster.all('ConfigMap'), ...cluster.all('Secret')].flatMap((object) => {
    const kind = object.kind as 'ConfigMap' | 'Secret';
    const values = Object.entries(cluster.values(kind, object.metadata.name) ?? {});
    return values.map(([key, value]) => ({ object: nameOf(object), key, value }));
  });
  const environment = cluster.workloads
    .flatMap(containersOf)
    .flatMap(({ container, object }) =>
      (container.env ?? []).flatMap(({ name, value }) =>
        value === undefined ? [] : [{ object, key: name, value }],
      ),
    );
  return [
    ...[...settings, ...environment].flatMap(({ object, key, value }) =>
      hostsIn(key, value).flatMap((host) => reachable(cluster, object, `${key} ${host}`, host)),
    ),
    ...cluster.workloads.flatMap(containersOf).flatMap(({ container, object }) => {
      const line = [...(container.command ?? []), ...(container.args ?? [])].join(' ');
      const urls = line.match(/https?:\/\/[^\s'"]+/g) ?? [];
      return urls.flatMap((url) => reachable(cluster, object, url, hostOf(url)));
    }),
    ...inTheMesh(cluster),
    ...cluster.all<Service>('Service').flatMap((service) => portsOf(cluster, service)),
  ];
}

const hostOf = (address: string): string => {
  const { protocol, hostname, port } = new URL(address);
  return `${hostname}:${port || (DEFAULT_PORTS[protocol] ?? '')}`;
};

/** The hosts, with ports, in a variable whose name ends like an address variable. */
function hostsIn(key: string, value: string): string[] {
  // outside the cluster: the address for clients, and the issuer of their tokens
  if (['PUBLIC_URL', 'AUTH_JWKS_URL'].includes(key)) return [];
  if (key.endsWith('_URL')) return [URL.canParse(value) ? hostOf(value) : value];
  if (key.endsWith('_BROKERS')) return value.split(',');
  if (!key.endsWith('_ADVERTISED_LISTENERS')) return [];
  const listeners = value.split(',').map((listener) => listener.replace(/^.*:\/\//, ''));
  return listeners.filter((host) => !host.startsWith('localhost:'));
}

function reachable(cluster: Cluster, object: string, found: string, host: string): Complaint[] {
  const [name = '', port] = host.split(':');
  const service = cluster.service(name);
  if (service?.spec.ports.some((each) => each.port === Number(port))) return [];
  if (service) {
    const ports = service.spec.ports.map((each) => each.port).join(', ');
    return [{ object, found, expected: `a port of Service/${name}: ${ports}` }];
  }
  // Managed servers have fully qualified names; services of this suite never do.
  if (cluster.isManaged && name.includes('.') && port !== undefined) return [];
  return [{ object, found, expected: `a host of this cluster: ${serviceNames(cluster)}` }];
}

const serviceNames = (cluster: Cluster): string =>
  cluster
    .all('Service')
    .map(({ metadata }) => metadata.name)
    .join(', ');

function inTheMesh(cluster: Cluster): Complaint[] {
  const rules = cluster.all<DestinationRule>('DestinationRule').flatMap((rule) => {
    const { host } = rule.spec;
    if (cluster.service(host)) return [];
    const expected = `a host of this cluster: ${serviceNames(cluster)}`;
    return [{ object: nameOf(rule), found: `host ${host}`, expected }];
  });
  const gateways = new Set(['mesh', ...cluster.all('Gateway').map((each) => each.metadata.name)]);
  const routes = cluster.all<VirtualService>('VirtualService').flatMap((virtual) => {
    const object = nameOf(virtual);
    const { hosts, gateways: bound = ['mesh'], http = [] } = virtual.spec;
    return [
      ...http
        .flatMap(({ route }) => route)
        .map(({ destination: { host, port } }) => `${host}:${port?.number ?? 'no port'}`)
        .flatMap((host) => reachable(cluster, object, `destination ${host}`, host)),
      ...hosts
        .filter((host) => bound.includes('mesh') && !cluster.service(host))
        .map((host) => ({
          object,
          found: `host ${host} for the mesh`,
          expected: `a host of this cluster: ${serviceNames(cluster)}`,
        })),
      ...bound
        .filter((name) => !gateways.has(name))
        .map((name) => ({
          object,
          found: `gateway ${name}`,
          expected: `one of ${[...gateways].join(', ')}`,
        })),
    ];
  });
  return [...rules, ...routes];
}

/** Each target port of a Service must be a container port of every workload that it selects. */
function portsOf(cluster: Cluster, service: Service): Complaint[] {
  const object = nameOf(service);
  const behind = cluster.selected({ matchLabels: service.spec.selector ?? {} });
  if (service.spec.selector === undefined || behind.length === 0) {
    const found = `selector ${JSON.stringify(service.spec.selector)}, which matches no pod`;
    return [{ object, found, expected: 'the labels of a workload' }];
  }
  return behind.flatMap((workload) =>
    service.spec.ports
      .map(({ port, targetPort = port }) => targetPort)
      .filter((target) =>
        workload.spec.template.spec.containers.every((each) => portOf(each, target) === undefined),
      )
      .map((target) => ({
        object,
        found: `targetPort ${target}`,
        expected: `a port of a container of ${nameOf(workload)}`,
      })),
  );
}
