import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBreakerRule, type BreakerRule } from './destination-rule.ts';
import { Envoy } from './envoy.ts';
import { envoyProgram } from './install.ts';

// So many that each of 15 pods is asked more than once, though they are chosen at random.
const REQUESTS = 300;
/** Ejected after the second 503 in a row, by another of Envoy's threads than the one that goes on asking. */
const FEW = [2, 3, 4, 5];

describe('Outlier detection, in a real Envoy, with one pod that answers 503', () => {
  let directory: string;
  let rule: BreakerRule;
  let envoy: Envoy | undefined;
  let pods: Server[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'envoy-'));
    // as one request after another is sent here, the breaker's other numbers do not matter
    rule = await readBreakerRule();
  });
  afterEach(async () => {
    await envoy?.stop();
    for (const pod of pods) pod.closeAllConnections();
    await Promise.all(pods.map((pod) => new Promise((resolve) => pod.close(resolve))));
  });
  afterAll(() => rm(directory, { recursive: true }));

  /** Sends requests to so many pods, of which the first one is broken, and counts what comes. */
  const send = async (count: number, maxEjectionPercent: number) => {
    pods = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const pod = createServer((_request, response) => {
          response.writeHead(index === 0 ? 503 : 200).end();
        });
        await once(pod.listen(0, '127.0.0.1'), 'listening');
        return pod;
      }),
    );
    const ports = pods.map((pod) => (pod.address() as AddressInfo).port);
    envoy = await Envoy.start({
      program: await envoyProgram(),
      directory,
      rule: { ...rule, maxEjectionPercent },
      upstreams: ports,
    });
    for (let i = 0; i < REQUESTS; i += 1) await (await fetch(envoy.url)).body?.cancel();
    const requests = await envoy.requests();
    const broken = requests.filter(({ upstream }) => upstream === `127.0.0.1:${ports[0]}`).length;
    return {
      broken,
      healthy: requests.filter(({ status }) => status === 200).length,
      withoutPod: requests.filter(({ flags }) => flags === 'UH').length,
      ejected: await envoy.counter('outlier_detection.ejections_enforced_total'),
      // it would have, but for maxEjectionPercent
      spared: await envoy.counter('outlier_detection.ejections_overflow'),
    };
  };

  it('7 % ejects none of one pod, which goes on being asked', async () => {
    const found = await send(1, 7);
    expect(found).toMatchObject({ broken: REQUESTS, healthy: 0, ejected: 0 });
    expect(found.spared).toBeGreaterThan(0);
  });

  it('7 % ejects none of 14 pods either', async () => {
    const { ejected, spared } = await send(14, 7);
    expect({ ejected, spared: spared > 0 }).toEqual({ ejected: 0, spared: true });
  });

  it('7 % ejects one of 15 pods', async () => {
    const found = await send(15, 7);
    expect(found).toMatchObject({ healthy: REQUESTS - found.broken, ejected: 1 });
    expect(FEW).toContain(found.broken);
  });

  it('50 % ejects one of two pods, after its second 503 in a row', async () => {
    const found = await send(2, 50);
    expect(found).toMatchObject({ healthy: REQUESTS - found.broken, ejected: 1 });
    expect(FEW).toContain(found.broken);
  });

  it('100 % ejects the only pod, and every request after that is refused', async () => {
    const found = await send(1, 100);
    expect(found).toMatchObject({ withoutPod: REQUESTS - found.broken, ejected: 1 });
    expect(FEW).toContain(found.broken);
  });
});
