import {
  clockAnHourOff,
  disturb,
  failEach,
  killAtRandom,
  openEnvironment,
  replay,
  runExperiment,
} from '@equipmgnt/chaos';

/** A minute of what `npm run prove` does for a quarter of an hour. */
describe('Under faults', () => {
  it('loses no order, applies none twice, and keeps all invariants', async () => {
    const environment = await openEnvironment({ env: clockAnHourOff });
    try {
      const { differences, counts } = await runExperiment({
        name: 'all faults',
        seed: Number(process.env['PROVE_SEED'] ?? 20_261_122),
        environment,
        orders: 1_200,
        perSecond: 20,
        faults: async (experiment) => {
          await killAtRandom(experiment, 4);
          await failEach(experiment);
          await replay(experiment, 'offsets deleted');
          await disturb(experiment);
        },
      });
      expect(differences).toEqual([]);
      expect(counts).toMatchObject({ kills: 4, 'kafka failures': 1, 'postgres failures': 1 });
      expect(counts['acknowledged']).toBeGreaterThan(1_000);
      expect(counts['poison']).toBeGreaterThan(0);
    } finally {
      await environment.close();
    }
  }, 600_000);
});
