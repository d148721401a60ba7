import { containersOf, isJob, portOf, type Cluster } from '../cluster.ts';
import type { Code } from '../code.ts';
import { nameOf, type Container, type Workload } from '../objects.ts';
import { environmentOf, serviceOf } from './environment.ts';
import type { Complaint } from './check.ts';

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
const DEFAULT_GRACE_S = 30;

/** Pods must match Pod Security's restricted profile, stop in time, and have valid probes. */
export const pods = (cluster: Cluster, code: Code): Complaint[] =>
  cluster.workloads.flatMap((workload) => [
    ...wholePod(workload),
    ...containersOf(workload).flatMap(({ container, object, isInit }) => [
      ...restricted(workload, container, object),
      ...image(container, object),
      ...resources(container, object),
      ...(isJob(workload) || isInit ? [] : probes(container, object, code)),
      ...(isInit ? [] : stopping(cluster, workload, container, object, code)),
    ]),
  ]);

function wholePod(workload: Workload): Complaint[] {
  const object = nameOf(workload);
  const spec = workload.spec.template.spec;
  const wrong: [boolean, string, string][] = [
    [
      spec.automountServiceAccountToken !== false,
      'a service account token',
      'automountServiceAccountToken: false',
    ],
    [spec.enableServiceLinks !== false, 'variables for every service', 'enableServiceLinks: false'],
    [
      Boolean(spec.hostNetwork || spec.hostPID || spec.hostIPC),
      "the node's namespaces",
      'none of them',
    ],
    [(spec.volumes ?? []).some(({ hostPath }) => hostPath), 'a hostPath', 'no volume of the node'],
    // set on the pod, so that it also applies to the proxy that Istio adds
    [
      spec.securityContext?.seccompProfile?.type !== 'RuntimeDefault',
      'no seccompProfile for all of its containers',
      'securityContext.seccompProfile.type: RuntimeDefault of the pod',
    ],
  ];
  return wrong.flatMap(([is, found, expected]) => (is ? [{ object, found, expected }] : []));
}

function restricted(workload: Workload, container: Container, object: string): Complaint[] {
  const pod = workload.spec.template.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  const effective = { ...pod, ...own };
  const wrong: [boolean, string, string][] = [
    [effective.runAsNonRoot !== true, `runAsNonRoot ${effective.runAsNonRoot}`, 'true'],
    [!effective.runAsUser, `runAsUser ${effective.runAsUser}`, 'the id of a user other than root'],
    [own.privileged === true, 'privileged', 'not privileged'],
    [
      own.allowPrivilegeEscalation !== false,
      `allowPrivilegeEscalation ${own.allowPrivilegeEscalation}`,
      'false',
    ],
    [
      own.readOnlyRootFilesystem !== true,
      `readOnlyRootFilesystem ${own.readOnlyRootFilesystem}`,
      'true',
    ],
    [
      !own.capabilities?.drop?.includes('ALL') || Boolean(own.capabilities.add?.length),
      `capabilities ${JSON.stringify(own.capabilities)}`,
      'drop: [ALL], and none added',
    ],
  ];
  return wrong.flatMap(([is, found, expected]) => (is ? [{ object, found, expected }] : []));
}

function image({ image }: Container, object: string): Complaint[] {
  const tag = /:([\w.-]+)$/.exec(image.split('/').at(-1) ?? '')?.[1];
  if (image.includes('@sha256:') || (tag !== undefined && tag !== 'latest')) return [];
  return [{ object, found: `image ${image}`, expected: 'a fixed tag' }];
}

function resources({ resources }: Container, object: string): Complaint[] {
  const missing = [
    ...['cpu', 'memory'].filter((name) => !resources?.requests?.[name]).map((n) => `requests.${n}`),
    ...(resources?.limits?.['memory'] ? [] : ['limits.memory']),
  ];
  return missing.map((name) => ({ object, found: `no ${name}`, expected: 'measured resources' }));
}

function probes(container: Container, object: string, code: Code): Complaint[] {
  const isOurs = serviceOf(container, code) !== undefined;
  return PROBES.flatMap((name) => {
    const probe = container[name];
    if (!probe) return [{ object, found: `no ${name}`, expected: 'one' }];
    const port = (probe.httpGet ?? probe.tcpSocket)?.port;
    const path = probe.httpGet?.path;
    return [
      ...(port !== undefined && portOf(container, port) === undefined
        ? [{ object, found: `${name} port ${port}`, expected: `a port of this container` }]
        : []),
      ...(isOurs && !allowedPaths(name, code).includes(path ?? '')
        ? [
            {
              object,
              found: `${name} path ${path ?? '(none)'}`,
              expected: `one of ${allowedPaths(name, code).join(', ')}`,
            },
          ]
        : []),
    ];
  });
}

/** With a readiness path in its liveness probe, a pod would be restarted while its database is down. */
function allowedPaths(probe: (typeof PROBES)[number], { actuatorPaths }: Code): string[] {
  const health = actuatorPaths.filter((path) => /\/health(\/|$)/.test(path));
  const isLiveness = (path: string) => path.endsWith('/liveness');
  return health.filter((path) => isLiveness(path) === (probe !== 'readinessProbe'));
}

function stopping(
  cluster: Cluster,
  workload: Workload,
  container: Container,
  object: string,
  code: Code,
): Complaint[] {
  const service = serviceOf(container, code);
  if (service === undefined) return [];
  const shape = code.environments[service]!.shape['SHUTDOWN_TIMEOUT_MS'];
  const given = environmentOf(cluster, container)['SHUTDOWN_TIMEOUT_MS'];
  const parsed = shape?.safeParse(given);
  const drain = parsed?.success ? Number(parsed.data) / 1000 : Number.NaN;
  const sleep = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const { terminationGracePeriodSeconds: grace = DEFAULT_GRACE_S } = workload.spec.template.spec;
  return [
    ...(sleep > 0
      ? []
      : [
          {
            object,
            found: 'no preStop sleep',
            expected: 'a sleep, until no proxy sends requests here',
          },
        ]),
    ...(sleep + drain < grace
      ? []
      : [
          {
            object,
            found: `terminationGracePeriodSeconds ${grace}`,
            expected: `more than preStop's ${sleep} s and SHUTDOWN_TIMEOUT_MS, ${drain} s`,
          },
        ]),
  ];
}
