import type { Cluster } from './cluster.ts';

/** One permitted connection. The policies must allow all edges, and nothing else. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** Port and protocol of the called side. */
  readonly port: string;
  /** The permitted HTTP paths. Undefined for other protocols, and if every path is permitted. */
  readonly paths?: readonly string[];
  readonly methods?: readonly string[];
}

const below = (...prefixes: string[]) => prefixes.flatMap((prefix) => [prefix, `${prefix}/*`]);

/** What the gateway requests of a service. */
const forwarded = (prefix: string) => [
  ...below(prefix),
  '/openapi.json',
  // for the operators' page
  '/actuator/health',
  '/actuator/prometheus',
];

// the gateway's routes
const API = [
  ...below('/orders', '/approvals', '/equipments', '/equipment', '/mis'),
  '/openapi.json',
  '/asyncapi.json',
  ...below('/docs', '/ops'),
  '/auth/*',
];

const HTTP: readonly Edge[] = [
  { from: 'istio-ingressgateway', to: 'gateway', port: '8080/TCP', paths: API },
  { from: 'gateway', to: 'order', port: '8080/TCP', paths: forwarded('/orders') },
  { from: 'gateway', to: 'approval', port: '8080/TCP', paths: forwarded('/approvals') },
  { from: 'gateway', to: 'equipment', port: '8080/TCP', paths: forwarded('/equipments') },
  { from: 'gateway', to: 'mis', port: '8080/TCP', paths: forwarded('/mis') },
  { from: 'order', to: 'approval', port: '8080/TCP', paths: ['/approvals'], methods: ['POST'] },
  // the load demonstrations
  { from: 'siege', to: 'approval', port: '8080/TCP', paths: ['/approvals'], methods: ['POST'] },
  { from: 'siege', to: 'gateway', port: '8080/TCP', paths: ['/orders'], methods: ['POST'] },
];

const DATABASE_PORTS = { order: '5432', approval: '5432', equipment: '5432', mis: '3306' };

/** Databases and broker, in the cluster or in the account's network (MSK uses SASL over TLS). */
const data = (managed: boolean): Edge[] =>
  Object.entries(DATABASE_PORTS).flatMap(([service, port]) =>
    [service, 'ops'].flatMap((from) => [
      { from, to: managed ? MANAGED : `${service}-db`, port: `${port}/TCP` },
      { from, to: managed ? MANAGED : 'kafka', port: managed ? '9096/TCP' : '9092/TCP' },
    ]),
  );

const MANAGED = "the account's network";
const ISSUER = 'the issuer';
const SERVICES = ['gateway', 'order', 'approval', 'equipment', 'mis'];

/** A client or server that the manifests do not define. */
export interface Outsider {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly ports: readonly string[];
}

const ISTIO = 'istio-system';

/** The value of a setting of the EKS overlay. */
const addressIn = (cluster: Cluster, key: string): string =>
  cluster.all('ConfigMap').flatMap(({ data }) => data?.[key] ?? [])[0] ?? 'none';

/** Outsiders that every pod needs, and outsiders that no pod may reach. */
export const outsiders = (cluster: Cluster): Outsider[] => [
  {
    name: 'kube-dns',
    namespace: 'kube-system',
    labels: { 'k8s-app': 'kube-dns' },
    ports: ['53/UDP', '53/TCP'],
  },
  { name: 'istiod', namespace: ISTIO, labels: { app: 'istiod' }, ports: ['15012/TCP'] },
  { name: 'jaeger', namespace: ISTIO, labels: { app: 'jaeger' }, ports: ['4317/TCP'] },
  {
    name: 'prometheus',
    namespace: ISTIO,
    labels: { 'app.kubernetes.io/name': 'prometheus' },
    ports: ['9090/TCP'],
  },
  ...[ISTIO, 'istio-ingress'].map((namespace) => ({
    name: 'istio-ingressgateway',
    namespace,
    labels: { istio: 'ingressgateway' },
    ports: ['8080/TCP'],
  })),
  {
    name: MANAGED,
    namespace: 'none',
    labels: {},
    address: addressIn(cluster, 'VPC_CIDR'),
    ports: ['5432/TCP', '3306/TCP', '9096/TCP', '443/TCP'],
  },
  {
    name: ISSUER,
    namespace: 'none',
    labels: {},
    address: addressIn(cluster, 'ISSUER_CIDR'),
    ports: ['443/TCP', '5432/TCP'],
  },
  {
    name: 'the internet',
    namespace: 'none',
    labels: {},
    address: '203.0.113.0/24',
    ports: ['443/TCP', '5432/TCP', '3306/TCP', '9096/TCP'],
  },
  {
    name: 'an unknown pod in the namespace',
    namespace: 'istio-cb-ns',
    labels: { app: 'unknown' },
    ports: ['8080/TCP'],
  },
  {
    name: 'an unknown pod elsewhere',
    namespace: 'default',
    labels: { app: 'gateway' },
    ports: ['8080/TCP'],
  },
];

/** The edges whose both ends exist in the cluster. */
export function edgesOf(cluster: Cluster): Edge[] {
  const workloads = new Set(cluster.workloads.map(appOf));
  const present = (name: string) =>
    workloads.has(name) || outsiders(cluster).some((outsider) => outsider.name === name);
  const keys = SERVICES.map((from) => ({ from, to: ISSUER, port: '443/TCP' }));
  const applications = [...HTTP, ...data(cluster.isManaged), ...(cluster.isManaged ? keys : [])];
  return applications.filter(({ from, to }) => present(from) && present(to));
}

/** The edges that every pod also needs: DNS, its proxy's configuration, tracing and metrics. */
export const commonEdges = (workload: string): Edge[] => [
  { from: workload, to: 'kube-dns', port: '53/UDP' },
  { from: workload, to: 'kube-dns', port: '53/TCP' },
  { from: workload, to: 'istiod', port: '15012/TCP' },
  { from: workload, to: 'jaeger', port: '4317/TCP' },
  { from: 'prometheus', to: workload, port: '15020/TCP' },
];

/** The name of a workload in the architecture. */
export const appOf = ({
  spec,
}: {
  spec: { template: { metadata: { labels?: Readonly<Record<string, string>> } } };
}): string => spec.template.metadata.labels?.['app'] ?? 'unlabelled';

/** The objects that an operator creates before applying the EKS overlay, with example values. */
const postgres = (name: string) => ({
  DATABASE_URL: `postgres://${name}:password@${name}.rds.example:5432/${name}`,
});
export const PROVIDED: Readonly<Record<string, Record<string, string>>> = {
  'Secret/order-database': postgres('order'),
  'Secret/approval-database': postgres('approval'),
  'Secret/equipment-database': postgres('equipment'),
  'Secret/mis-database': { DATABASE_URL: 'mysql://mis:password@mis.rds.example:3306/mis' },
  ...Object.fromEntries(
    ['order', 'approval', 'equipment', 'mis', 'ops'].map((username) => [
      `Secret/kafka-${username}`,
      { username, password: 'password' },
    ]),
  ),
  'Secret/gateway-sign-in': { SESSION_SECRETS: 'a secret of at least 32 characters' },
  'ConfigMap/rds-ca': { 'global-bundle.pem': '' },
};
