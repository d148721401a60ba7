import { discrepancies } from './books.ts';
import { World, type Faults } from './world.ts';

const SEEDS = 300;
const ACTIONS = 40;

/** Some faults hide others: a repetition makes up for what was lost. So each seed has its own mix. */
const faultsOf = (seed: number): Faults => ({
  crash: [0, 0.05][seed % 2] ?? 0,
  repeat: [0, 0.2][(seed >> 1) % 2] ?? 0,
  approvalAway: [0, 0.2, 0.9][seed % 3] ?? 0,
});

/** Plays one seed to its end; @returns what does not add up afterwards. */
async function play(seed: number): Promise<string[]> {
  const world = new World(seed, faultsOf(seed));
  for (let acted = 0; acted < ACTIONS;) {
    const { random } = world;
    // rarely enough for most of what was begun before to come to its end
    if (random.chance(0.06)) {
      world.act();
      acted += 1;
    } else if (random.chance(0.2)) world.relay();
    else if (random.chance(0.25)) world.deliver();
    else await world.advance();
  }
  await world.settle();
  return [...world.steps.failures.map(String), ...discrepancies(world)];
}

describe('The four services together', () => {
  it(`balance their books after crashes, repetitions and any order of delivery (${SEEDS} seeds)`, async () => {
    const unbalanced: Record<number, string[]> = {};
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const found = await play(seed);
      if (found.length > 0) unbalanced[seed] = found;
    }
    expect(unbalanced).toEqual({});
  });
});
