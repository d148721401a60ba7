import { z } from 'zod';
import { PROVIDED } from '../architecture.ts';
import { containersOf, type Cluster } from '../cluster.ts';
import type { Code } from '../code.ts';
import type { Container } from '../objects.ts';
import type { Complaint } from './check.ts';

/** Variables that Node itself or the SDK of OpenTelemetry reads. */
const OF_LIBRARIES = [
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
  'UV_THREADPOOL_SIZE',
];

/** Each service's environment must match its schema, without unknown variables. */
export const environment = (cluster: Cluster, code: Code): Complaint[] =>
  cluster.workloads.flatMap(containersOf).flatMap(({ container, object, isInit }) => {
    const service = serviceOf(container, code);
    if (service === undefined) return [];
    const schema = isInit
      ? forMigrations(code.environments[service]!)
      : code.environments[service]!;
    const given = environmentOf(cluster, container);
    const known = [...Object.keys(schema.shape), ...OF_LIBRARIES];
    const result = schema.safeParse(given);
    return [
      ...Object.keys(given)
        .filter((name) => !known.includes(name))
        .map((name) => ({
          object,
          found: `variable ${name}`,
          expected: `a variable that ${service} reads: ${known.join(', ')}`,
        })),
      ...(isInit ? [] : withoutIssuer(given, object)),
      ...(result.error?.issues ?? []).map(({ path, message }) => ({
        object,
        found: `variable ${path.join('.')} ${String(path[0]) in given ? 'with a bad value' : 'missing'}`,
        expected: message,
      })),
    ];
  });

/** A service that requires sign-in does not start without an issuer. */
function withoutIssuer(given: Readonly<Record<string, string>>, object: string): Complaint[] {
  if (given['AUTH'] === 'optional') return [];
  return ['AUTH_ISSUER', 'AUTH_AUDIENCE']
    .filter((name) => !(name in given))
    .map((name) => ({ object, found: `no ${name}`, expected: 'one, or AUTH=optional' }));
}

/** What migrate.js of a service reads; it runs as an init container. */
const forMigrations = ({ shape }: z.ZodObject): z.ZodObject =>
  z.object(
    Object.fromEntries(Object.entries(shape).filter(([name]) => name.startsWith('DATABASE_'))),
  );

/** The service whose image a container runs. */
export function serviceOf({ image }: Container, code: Code): string | undefined {
  const service = /(?:^|\/)equipmgnt-([a-z]+)(?::|@|$)/.exec(image)?.[1];
  return service !== undefined && service in code.environments ? service : undefined;
}

/** A container's variables, resolved as the kubelet does. Unresolvable ones are left out. */
export function environmentOf(cluster: Cluster, container: Container): Record<string, string> {
  const values = (kind: 'ConfigMap' | 'Secret', name: string) =>
    cluster.values(kind, name) ??
    (cluster.isManaged ? PROVIDED[`${kind}/${name}`] : undefined) ??
    {};
  const result: Record<string, string> = {};
  for (const { configMapRef: map, secretRef: secret } of container.envFrom ?? []) {
    if (map) Object.assign(result, values('ConfigMap', map.name));
    if (secret) Object.assign(result, values('Secret', secret.name));
  }
  for (const { name, value, valueFrom = {} } of container.env ?? []) {
    const { configMapKeyRef: map, secretKeyRef: secret } = valueFrom;
    const found =
      value ??
      (map && values('ConfigMap', map.name)[map.key]) ??
      (secret && values('Secret', secret.name)[secret.key]);
    if (found !== undefined) result[name] = found;
  }
  // for the services, an empty variable is not set
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== ''));
}
