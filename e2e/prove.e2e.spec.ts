import {
  Stage,
  clockAnHourOff,
  disturb,
  failEach,
  killAtRandom,
  replay,
  runTrial,
} from '@equipmgnt/chaos';

/** A minute of what `npm run prove` does for a quarter of an hour. */
describe('Under faults', () => {
  it('no order is lost, none happens twice, and the books of all services balance', async () => {
    const stage = await Stage.open({ env: clockAnHourOff });
    try {
      const { differences, counts } = await runTrial({
        name: 'all faults',
        seed: Number(process.env['PROVE_SEED'] ?? 20_261_122),
        stage,
        orders: 1_200,
        perSecond: 20,
        faults: async (trial) => {
          await killAtRandom(trial, 4);
          await failEach(trial);
          await replay(trial, 'offsets deleted');
          await disturb(trial);
        },
      });
      expect(differences).toEqual([]);
      expect(counts).toMatchObject({ kills: 4, 'kafka failures': 1, 'postgres failures': 1 });
      expect(counts['acknowledged']).toBeGreaterThan(1_000);
      expect(counts['poison']).toBeGreaterThan(0);
    } finally {
      await stage.close();
    }
  }, 600_000);
});
