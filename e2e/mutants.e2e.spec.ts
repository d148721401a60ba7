import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Environment,
  commitLate,
  disturb,
  hangApproval,
  killAtRandom,
  mutants,
  proved,
  replay,
  reportText,
  runExperiment,
  scratchCopy,
} from '@equipmgnt/chaos';

/** The proof can fail: each of these mistakes, built into a copy of the product, turns it red. */
describe('The proof finds', () => {
  let directory: string;
  let environment: Environment | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mutant-'));
  });

  afterEach(async () => {
    await environment?.close();
    environment = undefined;
    await rm(directory, { recursive: true });
  });

  it.each(mutants)(
    '$name',
    async (bug) => {
      environment = await Environment.open({ repository: await scratchCopy(bug, directory) });
      const { order, equipment } = environment.suite;
      const layer = await runExperiment({
        name: bug.name,
        seed: 20_261_122,
        environment,
        orders: 1_000,
        perSecond: 40,
        // some of these bugs never let the suite come to rest
        giveUpAfterMs: 30_000,
        faults: async (experiment) => {
          await killAtRandom(experiment, 5, { among: [...order, ...equipment] });
          await commitLate(experiment);
          await hangApproval(experiment);
          await replay(experiment, 'offsets set back');
          await disturb(experiment);
        },
      });
      const report = { startedAt: '', seed: layer.seed, options: {}, layers: [layer] };
      expect(layer.differences).not.toEqual([]);
      expect(proved(report)).toBe(false);
      expect(reportText(report)).toContain('FAILED');
    },
    600_000,
  );
});
