import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBreakerRule, type BreakerRule } from './destination-rule.ts';
import { Envoy } from './envoy.ts';
import { envoyProgram } from './install.ts';

// Enough that each of 15 pods gets more than one request, although Envoy selects them at random.
const REQUESTS = 300;
/** The pod is ejected after the second consecutive 503, but Envoy's other threads notice that later. */
const FEW = [2, 3, 4, 5];

describe('Outlier detection, in a real Envoy, with one pod that answers 503', () => {
  let directory: string;
  let rule: BreakerRule;
  let envoy: Envoy | undefined;
  let pods: Server[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'envoy-'));
    // the requests are sequential here, so the breaker's other numbers have no effect
    rule = await readBreakerRule();
  });
  afterEach(async () => {
    await envoy?.stop();
    for (const pod of pods) pod.closeAllConnections();
    await Promise.all(pods.map((pod) => new Promise((resolve) => pod.close(resolve))));
  });
  afterAll(() => rm(directory, { recursive: true }));

  /** Sends requests to this many pods, of which the first one is broken, and counts the answers. */
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
      // ejections that maxEjectionPercent prevented
      spared: await envoy.counter('outlier_detection.ejections_overflow'),
    };
  };

  it('7 % does not eject a single pod, and requests still go to it', async () => {
    const found = await send(1, 7);
    expect(found).toMatchObject({ broken: REQUESTS, healthy: 0, ejected: 0 });
    expect(found.spared).toBeGreaterThan(0);
  });

  it('7 % ejects none of 14 pods', async () => {
    const { ejected, spared } = await send(14, 7);
    expect({ ejected, spared: spared > 0 }).toEqual({ ejected: 0, spared: true });
  });

  it('7 % ejects one of 15 pods', async () => {
    const found = await send(15, 7);
    expect(found).toMatchObject({ healthy: REQUESTS - found.broken, ejected: 1 });
    expect(FEW).toContain(found.broken);
  });

  it('50 % ejects one of two pods, after its second consecutive 503', async () => {
    const found = await send(2, 50);
    expect(found).toMatchObject({ healthy: REQUESTS - found.broken, ejected: 1 });
    expect(FEW).toContain(found.broken);
  });

  it('100 % ejects the only pod, and Envoy refuses every later request', async () => {
    const found = await send(1, 100);
    expect(found).toMatchObject({ withoutPod: REQUESTS - found.broken, ejected: 1 });
    expect(FEW).toContain(found.broken);
  });
});
