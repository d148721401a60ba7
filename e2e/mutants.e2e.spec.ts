import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Stage,
  commitLate,
  disturb,
  hangApproval,
  killAtRandom,
  plantedBugs,
  proved,
  replay,
  reportText,
  runTrial,
  scratchBuild,
} from '@equipmgnt/chaos';

/** The proof can fail: each of these mistakes, built into a copy of the product, turns it red. */
describe('The proof finds', () => {
  let directory: string;
  let stage: Stage | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'planted-'));
  });

  afterEach(async () => {
    await stage?.close();
    stage = undefined;
    await rm(directory, { recursive: true });
  });

  it.each(plantedBugs)(
    '$name',
    async (bug) => {
      stage = await Stage.open({ repository: await scratchBuild(bug, directory) });
      const { order, equipment } = stage.suite;
      const layer = await runTrial({
        name: bug.name,
        seed: 20_261_122,
        stage,
        orders: 1_000,
        perSecond: 40,
        // some of these bugs never let the suite come to rest
        giveUpAfterMs: 30_000,
        faults: async (trial) => {
          await killAtRandom(trial, 5, { among: [...order, ...equipment] });
          await commitLate(trial);
          await hangApproval(trial);
          await replay(trial, 'offsets set back');
          await disturb(trial);
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
