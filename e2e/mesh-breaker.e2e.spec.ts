import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  breaker,
  envoyProgram,
  PLENTY,
  siegeProgram,
  LocalEnvironment,
  type Check,
} from '@equipmgnt/load';
import { measureBacklog } from '@equipmgnt/testing';
import { Api, discrepancies, eventually, runSuite } from '@equipmgnt/testing/jest';

const LOAD = { users: 20, seconds: 5 };

describe('DestinationRule dr-approval, in Envoy under a siege load', () => {
  let running: Awaited<ReturnType<typeof runSuite>>;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mesh-breaker-'));
    running = await runSuite({ services: { gateway: 0 } }); // the demonstrations start their own
  });
  afterAll(async () => {
    await running.stop();
    await rm(directory, { recursive: true });
  });

  /** Runs the demonstration with these numbers, by default with those of dr-approval. */
  const runBreaker = async (rule?: object): Promise<Check[]> => {
    const environment = new LocalEnvironment({
      connections: running.connections,
      directory,
      siegeProgram: await siegeProgram(),
      envoyProgram: await envoyProgram(),
      reporting: {
        say: () => undefined,
        onSiegeLine: () => undefined,
        signal: new AbortController().signal,
      },
      ...(rule && { rule }),
    });
    try {
      return await breaker(environment, LOAD);
    } finally {
      await environment.stop();
    }
  };
  const broken = (checks: readonly Check[]) => checks.filter(({ held }) => !held);

  it('rejects some approval requests, still accepts orders, and stays consistent', async () => {
    expect(broken(await runBreaker())).toEqual([]);
    const { gateway } = await running.start({
      services: { gateway: 1, order: 1, approval: 1, equipment: 1, mis: 1 },
    });
    const registered = new Map([[1, PLENTY]]);
    await eventually(async () => {
      expect((await measureBacklog(running.connections)).total).toBe(0);
      expect(await discrepancies(new Api(gateway[0].url), registered)).toEqual([]);
    });
  });

  it('has limits that make the difference: without them, the demonstration fails', async () => {
    const failed = broken(await runBreaker({})).map(({ threshold }) => threshold);
    expect(failed).toContain("the mesh's breaker tripped: 503 with flag UO");
  });
});
