import { appOf, edgesOf, type Edge } from '../architecture.ts';
import { containersOf, labelsOf, type Cluster } from '../cluster.ts';
import {
  nameOf,
  selects,
  type AuthorizationPolicy,
  type RequestAuthentication,
  type Workload,
} from '../objects.ts';
import type { Complaint } from './check.ts';

/** One request of a caller. Protocols other than HTTP have neither method nor path. */
interface Call {
  readonly principal: string;
  readonly port: string;
  readonly method?: string;
  readonly path?: string;
}

type Rule = NonNullable<AuthorizationPolicy['spec']['rules']>[number];

const PRINCIPALS = 'cluster.local/ns/istio-cb-ns/sa/';
const INGRESS = [
  'cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account',
  'cluster.local/ns/istio-ingress/sa/istio-ingressgateway',
];
const OUTSIDERS = [`${PRINCIPALS}default`, 'cluster.local/ns/default/sa/gateway'];
const PREFIXES = ['/orders', '/approvals', '/equipments', '/equipment', '/mis'];
const ACTUATOR = ['/actuator/prometheus', '/actuator/health', '/actuator/info'];
const PATHS = [
  ...PREFIXES.flatMap((path) => [path, `${path}/1`]),
  '/openapi.json',
  '/asyncapi.json',
  '/docs',
  '/docs/swagger-ui.css',
  '/ops',
  '/ops/events',
  '/auth/sign-in',
  ...ACTUATOR,
];
const METHODS = ['GET', 'POST', 'PATCH'];

/**
 * The authorization policies must allow the edges of the architecture and no other. The check tries
 * every request of every caller, unknown ones included, to every pod.
 */
export function authorizationPolicies(cluster: Cluster): Complaint[] {
  const all = cluster.all<AuthorizationPolicy>('AuthorizationPolicy');
  // the others refuse only requests without sign-in, from any caller
  const policies = all.filter((policy) => !isSignIn(policy));
  const edges = edgesOf(cluster);
  const callers = [
    ...cluster.workloads.map((workload) => ({
      name: appOf(workload),
      principal: `${PRINCIPALS}${workload.spec.template.spec.serviceAccountName}`,
    })),
    ...INGRESS.map((principal) => ({ name: 'istio-ingressgateway', principal })),
    ...OUTSIDERS.map((principal) => ({ name: principal, principal })),
  ];
  return [
    ...all.filter(isSignIn).flatMap(uncovered),
    ...otherIssuers(cluster),
    ...policies.flatMap(unknown),
    ...cluster.workloads.flatMap((workload) => {
      const own = policies.filter(({ spec }) => selects(spec.selector ?? {}, labelsOf(workload)));
      const name = appOf(workload);
      return unique(callers).flatMap(({ name: from, principal }) => {
        const edge = edges.find((each) => each.from === from && each.to === name);
        const wrong = callsTo(workload).filter(
          (call) => isAllowed(own, { ...call, principal }) !== isExpected(edge, call),
        );
        return summary(name, principal, edge, wrong);
      });
    }),
  ];
}

const unique = <T extends { principal: string }>(callers: readonly T[]): T[] => [
  ...new Map(callers.map((caller) => [caller.principal, caller])).values(),
];

/** One finding per caller, however many calls are wrong. */
function summary(
  name: string,
  principal: string,
  edge: Edge | undefined,
  wrong: readonly Omit<Call, 'principal'>[],
): Complaint[] {
  const format = ({ method = '', path = '', port }: Omit<Call, 'principal'>) =>
    `${method} ${path} on port ${port}`.trim();
  return [true, false].flatMap((should) => {
    const calls = wrong.filter((call) => isExpected(edge, call) === should);
    if (calls.length === 0) return [];
    return [
      {
        object: `AuthorizationPolicies of ${name}`,
        found: `${principal} may${should ? ' not' : ''}: ${calls.map(format).join(', ')}`,
        expected: should ? 'all edges of the architecture' : 'only the edges of the architecture',
      },
    ];
  });
}

function callsTo(workload: Workload): Omit<Call, 'principal'>[] {
  return containersOf(workload)
    .flatMap(({ container }) => container.ports ?? [])
    .flatMap(({ name = '', containerPort }) => {
      const port = String(containerPort);
      if (!name.startsWith('http')) return [{ port }];
      return METHODS.flatMap((method) => PATHS.map((path) => ({ port, method, path })));
    });
}

const isExpected = (edge: Edge | undefined, { port, method, path }: Omit<Call, 'principal'>) =>
  edge !== undefined &&
  edge.port === `${port}/TCP` &&
  fits(edge.paths, path) &&
  fits(edge.methods, method);

/** Without a policy everything is allowed; with one, only what a rule allows. */
const isAllowed = (policies: readonly AuthorizationPolicy[], call: Call): boolean =>
  policies.length === 0 ||
  policies.some(({ spec }) => (spec.rules ?? []).some((rule) => ruleAllows(rule, call)));

const ruleAllows = ({ from, to }: Rule, call: Call): boolean =>
  (!from || from.some(({ source }) => fits(source['principals'], call.principal))) &&
  (!to ||
    to.some(
      ({ operation: { ports, methods, paths } }) =>
        fits(ports, call.port) && fits(methods, call.method) && fits(paths, call.path),
    ));

/** Istio's patterns: a star at the start or end matches anything. */
function fits(patterns: readonly string[] | undefined, value: string | undefined): boolean {
  if (!patterns) return true;
  if (value === undefined) return false;
  return patterns.some((pattern) => {
    if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
    return pattern.startsWith('*') ? value.endsWith(pattern.slice(1)) : value === pattern;
  });
}

/** Whether it refuses requests that have neither a valid token nor a cookie, and no others. */
const isSignIn = ({ spec: { action, rules = [] } }: AuthorizationPolicy): boolean =>
  action === 'DENY' &&
  rules.every(
    ({ from = [], when = [] }) =>
      from.length === 1 &&
      JSON.stringify(from[0]?.source) === '{"notRequestPrincipals":["*"]}' &&
      JSON.stringify(when) === '[{"key":"request.headers[cookie]","notValues":["*"]}]',
  );

/** The paths of the API that such a policy leaves out. */
function uncovered(policy: AuthorizationPolicy): Complaint[] {
  const { rules = [] } = policy.spec;
  return PREFIXES.flatMap((prefix) => [prefix, `${prefix}/1`])
    .filter(
      (path) =>
        !rules.some(({ to }) => !to || to.some((each) => fits(each.operation['paths'], path))),
    )
    .map((path) => ({
      object: nameOf(policy),
      found: `no ${path}`,
      expected: 'all paths that need sign-in',
    }));
}

/** The proxy of the gateway must accept the tokens that the services accept. */
function otherIssuers(cluster: Cluster): Complaint[] {
  const issuer = cluster.all('ConfigMap').flatMap(({ data }) => data?.['AUTH_ISSUER'] ?? [])[0];
  return cluster.all<RequestAuthentication>('RequestAuthentication').flatMap((object) =>
    object.spec.jwtRules
      .filter((rule) => rule.issuer !== issuer)
      .map((rule) => ({
        object: nameOf(object),
        found: `issuer ${rule.issuer}`,
        expected: `AUTH_ISSUER of the services: ${issuer}`,
      })),
  );
}

/** Features that this check cannot evaluate must not be used. */
function unknown(policy: AuthorizationPolicy): Complaint[] {
  const { action = 'ALLOW', rules = [] } = policy.spec;
  const used = [
    ...(action === 'ALLOW' ? [] : [`action ${action}`]),
    ...rules.flatMap(({ from = [], to = [], when }) => [
      ...from.flatMap(({ source }) => Object.keys(source).filter((key) => key !== 'principals')),
      ...to.flatMap(({ operation }) =>
        Object.keys(operation).filter((key) => !['ports', 'methods', 'paths'].includes(key)),
      ),
      ...(when ? ['when'] : []),
    ]),
  ];
  return used.map((found) => ({
    object: nameOf(policy),
    found,
    expected: 'only ALLOW by principals, ports, methods and paths, which this check evaluates',
  }));
}
