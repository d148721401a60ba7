import type { Container, Workload } from '../objects.ts';
import { Manifests } from '../testing/mistakes.ts';

describe('The check of pods', () => {
  let manifests: Manifests;

  beforeAll(async () => {
    manifests = await Manifests.read();
  });

  const container = (workload: Workload): Container => workload.spec.template.spec.containers[0]!;

  const inPods: [string, (workload: Workload) => void, string][] = [
    [
      'its image untagged',
      (w) => (container(w).image = 'equipmgnt-order'),
      'image equipmgnt-order',
    ],
    ['its image latest', (w) => (container(w).image = 'equipmgnt-order:latest'), ':latest'],
    [
      'a probe of an unknown path',
      (w) => (container(w).readinessProbe!.httpGet!.path = '/health'),
      'readinessProbe path /health',
    ],
    [
      'a liveness probe that depends on the database',
      (w) => (container(w).livenessProbe!.httpGet!.path = '/actuator/health'),
      'livenessProbe path',
    ],
    [
      'a probe of a closed port',
      (w) => (container(w).startupProbe!.httpGet!.port = 8081),
      'startupProbe port 8081',
    ],
    ['no readiness probe', (w) => delete container(w).readinessProbe, 'no readinessProbe'],
    [
      'a misspelt variable',
      (w) => (container(w).env![0]!.name = 'DATABASE_ULR'),
      'variable DATABASE_ULR',
    ],
    ['a variable left out', (w) => container(w).env!.shift(), 'variable DATABASE_URL missing'],
    [
      'a variable with a bad value',
      (w) => container(w).env!.push({ name: 'PORT', value: 'http' }),
      'variable PORT with a bad value',
    ],
    [
      'a key that is missing in its secret',
      (w) => (container(w).env![0]!.valueFrom!.secretKeyRef!.key = 'URL'),
      'key URL',
    ],
    [
      'a missing secret',
      (w) => (container(w).env![0]!.valueFrom!.secretKeyRef!.name = 'order'),
      'Secret order key',
    ],
    ['no CPU request', (w) => delete container(w).resources!.requests!['cpu'], 'no CPU request'],
    [
      'no memory limit',
      (w) => delete container(w).resources!.limits!['memory'],
      'no limits.memory',
    ],
    [
      'a grace period that is too short',
      (w) => (w.spec.template.spec.terminationGracePeriodSeconds = 30),
      'terminationGracePeriodSeconds 30',
    ],
    ['no preStop', (w) => delete container(w).lifecycle, 'no preStop'],
    [
      'a writable root',
      (w) => delete container(w).securityContext!.readOnlyRootFilesystem,
      'readOnlyRootFilesystem',
    ],
    [
      'a capability',
      (w) => (container(w).securityContext!.capabilities!.add = ['NET_ADMIN']),
      'capabilities',
    ],
    [
      'escalation',
      (w) => delete container(w).securityContext!.allowPrivilegeEscalation,
      'allowPrivilegeEscalation',
    ],
    [
      'root as its user',
      (w) => (w.spec.template.spec.securityContext!.runAsUser = 0),
      'runAsUser 0',
    ],
    [
      'no seccomp profile',
      (w) => delete w.spec.template.spec.securityContext!.seccompProfile,
      'seccompProfile',
    ],
    ['a token', (w) => delete w.spec.template.spec.automountServiceAccountToken, 'token'],
    [
      "other services' variables",
      (w) => delete w.spec.template.spec.enableServiceLinks,
      'variables for every service',
    ],
    [
      "another's service account",
      (w) => (w.spec.template.spec.serviceAccountName = 'orders'),
      'serviceAccountName orders',
    ],
    [
      'a selector of other pods',
      (w) => (w.spec.selector = { matchLabels: { app: 'orders' } }),
      'selector',
    ],
    [
      'a spread of other pods',
      (w) =>
        (w.spec.template.spec.topologySpreadConstraints![0]!.labelSelector = {
          matchLabels: { app: 'mis' },
        }),
      'topologySpreadConstraints',
    ],
    ['replicas beside an autoscaler', (w) => (w.spec.replicas = 2), 'replicas 2'],
    [
      'a volume of a missing ConfigMap',
      (w) => w.spec.template.spec.volumes!.push({ name: 'x', configMap: { name: 'x' } }),
      'ConfigMap x',
    ],
    [
      'the node’s file system',
      (w) => w.spec.template.spec.volumes!.push({ name: 'x', hostPath: {} }),
      'hostPath',
    ],
  ];
  it.each(inPods)('finds in order’s pods: %s', (_, spoil, found) => {
    manifests.expectFinding(
      manifests.spoiled<Workload>('local', 'Deployment/order', spoil),
      'Deployment/order',
      found,
    );
  });
});
