import { Cluster } from './cluster.ts';
import type { KubernetesObject } from './objects.ts';
import { Manifests } from './testing/mistakes.ts';
import { validate } from './validate.ts';

// The first run downloads the schemas.
import.meta.jest.setTimeout(10 * 60_000);

describe('The manifests', () => {
  let manifests: Manifests;

  beforeAll(async () => {
    manifests = await Manifests.read();
  });

  it('build for each overlay', () => {
    const names = manifests.clusters.map(({ name }) => name);
    expect(names).toEqual(['eks', 'hpa-demo', 'local']);
  });

  it('match the schemas of Kubernetes and Istio', async () => {
    expect(await validate(manifests.clusters)).toEqual([]);
  });

  it('have no findings', () => {
    expect(manifests.findings()).toEqual([]);
  });

  const misspelt: [string, string, string][] = [
    ['Deployment/order', 'startegy', 'Additional properties are not allowed'],
    ['VirtualService/order', 'retires', 'retires'],
  ];
  it.each(misspelt)('finds an unknown field of %s: %s', async (object, field, found) => {
    const cluster = manifests.spoiled<KubernetesObject & { spec: object }>(
      'local',
      object,
      ({ spec }) => {
        Object.assign(spec, { [field]: {} });
      },
    );
    const only = cluster.objects.filter((each) => object.startsWith(each.kind));
    const findings = await validate([new Cluster('local', only)]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      cluster: 'local',
      found: expect.stringContaining(found),
    });
  });

  it.each(['apps/v2', 'networking.istio.io/v9'])(
    'finds an unknown version: %s',
    async (apiVersion) => {
      const object = { apiVersion, kind: 'Deployment', metadata: { name: 'x' } };
      expect(await validate([new Cluster('local', [object])])).toHaveLength(1);
    },
  );
});
