import { Cluster } from '../cluster.ts';
import { readCode, type Code } from '../code.ts';
import type {
  Autoscaler,
  DestinationRule,
  KubernetesObject,
  NetworkPolicy,
  Selecting,
  Service,
  VirtualService,
  Workload,
} from '../objects.ts';
import { Manifests } from '../testing/mistakes.ts';
import { mesh } from './mesh.ts';

describe('The check of references', () => {
  let manifests: Manifests;

  beforeAll(async () => {
    manifests = await Manifests.read();
  });

  it('finds a service port that no container has', () => {
    const cluster = manifests.spoiled<Service>('local', 'Service/order', ({ spec }) => {
      spec.ports[0]!.targetPort = 'web';
    });
    manifests.expectFinding(cluster, 'Service/order', 'targetPort web');
  });

  it('finds a service without pods', () => {
    const cluster = manifests.spoiled<Service>('local', 'Service/mis', ({ spec }) => {
      spec.selector = { app: 'miss' };
    });
    manifests.expectFinding(cluster, 'Service/mis', 'miss');
  });

  it.each([
    ['ORDER_URL', 'http://ordr:8080', 'ordr:8080'],
    ['MIS_URL', 'http://mis:80', 'mis:80'],
    ['KAFKA_BROKERS', 'kafka:9093', 'kafka:9093'],
  ])('finds an unknown address in %s: %s', (key, value, found) => {
    const cluster = manifests.spoiled<KubernetesObject>('local', 'ConfigMap/hosts', ({ data }) => {
      data![key] = value;
    });
    manifests.expectFinding(cluster, 'ConfigMap/hosts', found);
  });

  it('finds an unknown database address', () => {
    const cluster = manifests.spoiled<KubernetesObject>(
      'local',
      'Secret/order-database',
      ({ data }) => {
        data!['DATABASE_URL'] = Buffer.from('postgres://a:b@orderdb:5432/order').toString('base64');
      },
    );
    manifests.expectFinding(cluster, 'Secret/order-database', 'orderdb:5432');
  });

  it('finds a misspelt service beside managed servers', () => {
    const cluster = manifests.spoiled<KubernetesObject>('eks', 'ConfigMap/hosts', ({ data }) => {
      data!['APPROVAL_URL'] = 'http://aproval:8080';
    });
    manifests.expectFinding(cluster, 'ConfigMap/hosts', 'aproval:8080');
  });

  it('finds a gateway route to the wrong service', () => {
    const cluster = manifests.spoiled<KubernetesObject>('local', 'ConfigMap/hosts', ({ data }) => {
      data!['ORDER_URL'] = 'http://mis:8080';
    });
    manifests.expectFinding(cluster, 'route /orders', 'which is mis');
  });

  it('finds a gateway route that is not allowed from outside', async () => {
    const code = await readCode();
    const routesOf: Code['routesOf'] = (environment) =>
      code.routesOf(environment).map((each) => ({ ...each, prefixes: { '/new': '/orders' } }));
    const found = mesh(manifests.of('local'), { ...code, routesOf }).map((each) => each.found);
    expect(found).toContain('/new from outside');
  });

  it.each([['PodDisruptionBudget/order'], ['AuthorizationPolicy/order'], ['NetworkPolicy/order']])(
    'finds that %s selects nothing',
    (object) => {
      const cluster = manifests.spoiled<Selecting & NetworkPolicy>('local', object, ({ spec }) => {
        spec.selector = { matchLabels: { app: 'ordr' } };
        spec.podSelector = { matchLabels: { app: 'ordr' } };
      });
      manifests.expectFinding(cluster, object, 'matches no pod');
    },
  );

  it('finds an autoscaler of a missing workload or container', () => {
    const nothing = manifests.spoiled<Autoscaler>(
      'local',
      'HorizontalPodAutoscaler/mis',
      ({ spec }) => {
        spec.scaleTargetRef.name = 'miss';
      },
    );
    manifests.expectFinding(nothing, 'HorizontalPodAutoscaler/mis', 'Deployment/miss');
    const other = manifests.spoiled<Autoscaler>(
      'local',
      'HorizontalPodAutoscaler/mis',
      ({ spec }) => {
        spec.metrics![0]!.containerResource!.container = 'node';
      },
    );
    manifests.expectFinding(other, 'HorizontalPodAutoscaler/mis', 'container node');
  });

  it.each([
    ['local', 'order', '100m', '65 % of 100m, but an idle replica uses 35 mCPU: 35 %'],
    ['hpa-demo', 'approval', '300m', '15 % of 300m, but an idle replica uses 35 mCPU: 11 %'],
  ])('finds an autoscaler in %s that never scales %s down to one', (overlay, name, cpu, found) => {
    const small = manifests.spoiled<Workload>(overlay, `Deployment/${name}`, ({ spec }) => {
      spec.template.spec.containers[0]!.resources!.requests!['cpu'] = cpu;
    });
    manifests.expectFinding(small, `HorizontalPodAutoscaler/${name}`, found);
  });

  it('finds a POST that the mesh would retry, and a service without a VirtualService', () => {
    const repeated = manifests.spoiled<VirtualService>(
      'local',
      'VirtualService/approval',
      ({ spec }) => {
        delete spec.http![1]!.retries;
      },
    );
    manifests.expectFinding(repeated, 'VirtualService/approval http[1]', 'by default 2');
    const unknown = manifests.spoiled<VirtualService>(
      'local',
      'VirtualService/approval',
      ({ spec }) => {
        spec.gateways = ['equipment-rental'];
      },
    );
    manifests.expectFinding(unknown, 'Service/approval', 'no VirtualService');
  });

  it('finds an unknown destination in the mesh', () => {
    const route = manifests.spoiled<VirtualService>('local', 'VirtualService/order', ({ spec }) => {
      spec.http![0]!.route[0]!.destination.host = 'ordr';
    });
    manifests.expectFinding(route, 'VirtualService/order', 'ordr:8080');
    const rule: DestinationRule = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'dr-approval' },
      spec: { host: 'aproval' },
    };
    const { name, objects } = manifests.of('local');
    manifests.expectFinding(new Cluster(name, [...objects, rule]), 'DestinationRule', 'aproval');
  });

  it('finds two objects with the same name', () => {
    const { name, objects } = manifests.of('eks');
    const twice = new Cluster(name, [...objects, objects[0]!]);
    manifests.expectFinding(twice, 'Namespace/istio-cb-ns', 'more than one');
  });
});
