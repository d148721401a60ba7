/** The parts of Kubernetes and Istio objects that the checks read. */
export type Labels = Readonly<Record<string, string>>;

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    name: string;
    namespace?: string;
    labels?: Labels;
  };
  readonly data?: Record<string, string>;
}

export interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface Probe {
  httpGet?: { path: string; port: number | string };
  tcpSocket?: { port: number | string };
  exec?: { command: string[] };
}

interface KeyRef {
  name: string;
  key: string;
}

export interface SecurityContext {
  runAsNonRoot?: boolean;
  runAsUser?: number;
  seccompProfile?: { type: string };
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  readOnlyRootFilesystem?: boolean;
  capabilities?: { drop?: string[]; add?: string[] };
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  command?: string[];
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  env?: {
    name: string;
    value?: string;
    valueFrom?: { configMapKeyRef?: KeyRef; secretKeyRef?: KeyRef };
  }[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string; optional?: boolean } }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: SecurityContext;
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  terminationGracePeriodSeconds?: number;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  securityContext?: SecurityContext;
  topologySpreadConstraints?: { topologyKey: string; labelSelector?: Selector }[];
  volumes?: {
    name: string;
    configMap?: { name: string };
    secret?: { secretName: string };
    hostPath?: object;
  }[];
}

/** A Deployment, StatefulSet or Job, or the Jobs of a CronJob. */
export interface Workload extends KubernetesObject {
  spec: {
    replicas?: number;
    selector?: Selector;
    template: { metadata: { labels?: Labels }; spec: PodSpec };
  };
}

/** Makes a Job at every time of its schedule. */
export interface CronJob extends KubernetesObject {
  spec: { jobTemplate: { spec: Workload['spec'] } };
}

export interface Service extends KubernetesObject {
  spec: {
    selector?: Labels;
    ports: { name?: string; port: number; targetPort?: number | string }[];
  };
}

/** An object that selects pods with `spec.selector`. */
export interface Selecting extends KubernetesObject {
  spec: { selector?: Selector };
}

export interface Autoscaler extends KubernetesObject {
  spec: {
    scaleTargetRef: { kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics?: {
      containerResource?: { container: string; target?: { averageUtilization?: number } };
    }[];
  };
}

export interface NetworkPeer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string };
}

export interface NetworkRule {
  from?: NetworkPeer[];
  to?: NetworkPeer[];
  ports?: { port?: number | string; protocol?: string }[];
}

export interface NetworkPolicy extends KubernetesObject {
  spec: {
    podSelector: Selector;
    policyTypes?: string[];
    ingress?: NetworkRule[];
    egress?: NetworkRule[];
  };
}

export interface AuthorizationPolicy extends KubernetesObject {
  spec: {
    selector?: { matchLabels?: Labels };
    action?: string;
    rules?: {
      from?: { source: Record<string, string[]> }[];
      to?: { operation: Record<string, string[]> }[];
      when?: object[];
    }[];
  };
}

export interface RequestAuthentication extends KubernetesObject {
  spec: { jwtRules: { issuer: string }[] };
}

export interface VirtualService extends KubernetesObject {
  spec: {
    hosts: string[];
    gateways?: string[];
    http?: {
      match?: { method?: { exact?: string } }[];
      route: { destination: { host: string; port?: { number: number } } }[];
      timeout?: string;
      retries?: { attempts: number };
    }[];
  };
}

export interface DestinationRule extends KubernetesObject {
  spec: { host: string };
}

export const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name}`;

/** Matches as Kubernetes does: an empty selector selects everything. */
export function selects(selector: Selector, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'In') return value !== undefined && values.includes(value);
      if (operator === 'NotIn') return value === undefined || !values.includes(value);
      return (operator === 'Exists') === (value !== undefined);
    })
  );
}
