import type { AuthorizationPolicy, NetworkPolicy, RequestAuthentication } from '../objects.ts';
import { Manifests } from '../testing/mistakes.ts';

describe('The check of policies', () => {
  let manifests: Manifests;

  beforeAll(async () => {
    manifests = await Manifests.read();
  });

  const inPolicies: [string, string, string, (policy: NetworkPolicy) => void, string][] = [
    [
      'a missing edge',
      'local',
      'order',
      ({ spec }) => delete spec.egress,
      'egress does not allow order → approval 8080/TCP',
    ],
    [
      'ingress from everywhere',
      'local',
      'approval',
      ({ spec }) => delete spec.ingress![0]!.from,
      'an unknown pod elsewhere → approval',
    ],
    [
      'ingress from the whole namespace',
      'local',
      'order-db',
      ({ spec }) => (spec.ingress![0]!.from = [{ podSelector: {} }]),
      'ingress allows mis → order-db 5432/TCP',
    ],
    [
      'egress to everywhere',
      'local',
      'order',
      ({ spec }) => spec.egress!.push({}),
      'egress allows order → the internet',
    ],
    [
      'a wrong port',
      'local',
      'kafka',
      ({ spec }) => (spec.ingress![0]!.ports![0]!.port = 9093),
      'ingress does not allow order → kafka 9092/TCP',
    ],
    [
      'no DNS',
      'local',
      'dns-and-mesh',
      ({ spec }) => spec.egress!.shift(),
      'does not allow order → kube-dns 53/UDP',
    ],
    [
      'no control plane',
      'local',
      'dns-and-mesh',
      ({ spec }) => spec.egress!.splice(1, 1),
      '→ istiod 15012/TCP',
    ],
    [
      'no ingress to the gateway',
      'local',
      'gateway',
      ({ spec }) => spec.ingress!.shift(),
      'istio-ingressgateway → gateway',
    ],
    [
      'nothing denied',
      'local',
      'default-deny',
      ({ spec }) => (spec.egress = [{}]),
      'egress allows approval-db → approval-db',
    ],
    [
      'the whole internet for RDS',
      'eks',
      'managed-postgres',
      ({ spec }) => (spec.egress![0]!.to![0]!.ipBlock!.cidr = '0.0.0.0/0'),
      'egress allows order → the internet 5432/TCP',
    ],
  ];
  it.each(inPolicies)('finds in the network policies: %s', (_, overlay, name, spoil, found) => {
    const cluster = manifests.spoiled<NetworkPolicy>(overlay, `NetworkPolicy/${name}`, spoil);
    manifests.expectFinding(cluster, 'NetworkPolicies of', found);
  });

  const inAuthorization: [string, string, (policy: AuthorizationPolicy) => void, string][] = [
    ['a missing caller', 'order', ({ spec }) => delete spec.rules, 'sa/gateway may not'],
    [
      'a rule without callers',
      'approval',
      ({ spec }) => delete spec.rules![1]!.from,
      'sa/mis may: POST /approvals',
    ],
    [
      'a rule without paths',
      'order',
      ({ spec }) => delete spec.rules![0]!.to![0]!.operation['paths'],
      'GET /actuator/info',
    ],
    [
      'a rule without paths for requests from outside',
      'gateway',
      ({ spec }) => delete spec.rules![0]!.to![0]!.operation['paths'],
      'sa/istio-ingressgateway may: GET /actuator/prometheus',
    ],
    [
      'a missing route from outside',
      'gateway',
      ({ spec }) =>
        (spec.rules![0]!.to![0]!.operation['paths'] = spec.rules![0]!.to![0]!.operation[
          'paths'
        ]!.filter((path) => path !== '/equipment/*')),
      'sa/istio-ingressgateway may not: GET /equipment/1',
    ],
    [
      'a misspelt caller',
      'kafka',
      ({ spec }) =>
        (spec.rules![0]!.from![0]!.source['principals']![0] =
          'cluster.local/ns/istio-cb-ns/sa/ordr'),
      'sa/order may not',
    ],
    [
      'a service that owns another database',
      'order-db',
      ({ spec }) =>
        spec.rules![0]!.from![0]!.source['principals']!.push('cluster.local/ns/istio-cb-ns/sa/mis'),
      'sa/mis may',
    ],
    ['nothing denied', 'default-deny', ({ spec }) => (spec.rules = [{}]), 'sa/default may'],
  ];
  it.each(inAuthorization)('finds in the authorization policies: %s', (_, name, spoil, found) => {
    const cluster = manifests.spoiled<AuthorizationPolicy>(
      'local',
      `AuthorizationPolicy/${name}`,
      spoil,
    );
    manifests.expectFinding(cluster, 'AuthorizationPolicies of', found);
  });

  it('finds a rule that it cannot evaluate', () => {
    const cluster = manifests.spoiled<AuthorizationPolicy>(
      'local',
      'AuthorizationPolicy/order',
      ({ spec }) => {
        spec.rules![0]!.to![0]!.operation['notPaths'] = ['/orders/1'];
      },
    );
    manifests.expectFinding(cluster, 'AuthorizationPolicy/order', 'notPaths');
  });
  it('finds a path that the sign-in of the proxy leaves out', () => {
    const cluster = manifests.spoiled<AuthorizationPolicy>(
      'eks',
      'AuthorizationPolicy/gateway-sign-in',
      ({ spec }) => spec.rules![0]!.to![0]!.operation['paths']!.shift(),
    );
    manifests.expectFinding(cluster, 'AuthorizationPolicy/gateway-sign-in', 'no /orders');
  });

  it('finds a sign-in of the proxy that refuses more than it should', () => {
    const cluster = manifests.spoiled<AuthorizationPolicy>(
      'eks',
      'AuthorizationPolicy/gateway-sign-in',
      ({ spec }) => delete spec.rules![0]!.when,
    );
    manifests.expectFinding(cluster, 'AuthorizationPolicy/gateway-sign-in', 'action DENY');
  });

  it('finds a proxy that accepts the tokens of another issuer', () => {
    const cluster = manifests.spoiled<RequestAuthentication>(
      'eks',
      'RequestAuthentication/gateway',
      ({ spec }) => (spec.jwtRules[0]!.issuer = 'https://another.invalid'),
    );
    manifests.expectFinding(cluster, 'RequestAuthentication/gateway', 'https://another.invalid');
  });
});
