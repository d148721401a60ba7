import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Environment,
  ScratchCopy,
  commitLate,
  disturb,
  hangApproval,
  killAtRandom,
  mutants,
  openEnvironment,
  proved,
  replay,
  reportText,
  runExperiment,
} from '@equipmgnt/chaos';

/** The proof can fail: each of these mistakes, built into a copy of the product, turns it red. */
describe('The proof finds', () => {
  let directory: string;
  let scratch: ScratchCopy;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mutant-'));
    scratch = await ScratchCopy.make(directory);
  });

  afterAll(() => rm(directory, { recursive: true }));

  const prove = async (name: string, environment: Environment) => {
    const { order, equipment } = environment.suite;
    return runExperiment({
      name,
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
  };

  it.each(mutants)(
    '$name',
    async (mutant) => {
      await scratch.apply(mutant);
      const environment = await openEnvironment({ repository: directory });
      try {
        const layer = await prove(mutant.name, environment);
        const report = { startedAt: '', seed: layer.seed, options: {}, layers: [layer] };
        expect(layer.differences).not.toEqual([]);
        expect(proved(report)).toBe(false);
        expect(reportText(report)).toContain('FAILED');
      } finally {
        await environment.close();
        await scratch.revert(mutant);
      }
    },
    600_000,
  );
});
