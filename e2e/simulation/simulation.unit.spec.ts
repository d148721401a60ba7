import { Logger } from '@nestjs/common';
import { planted } from './mutants.ts';
import { play, report, type Play } from './run-simulation.ts';
import type { Parts } from './world.ts';

// what the simulated crashes are logged as says nothing that the trace of a seed does not
Logger.overrideLogger(false);

const { SIMULATION_SEED, SIMULATION_SEEDS } = process.env;
/** The seed to begin with; alone, unless it is said how many. */
const FIRST = Number(SIMULATION_SEED ?? 1);
/** A thousand for people, ten times as many where npm test runs everything. */
const SEEDS = Number(SIMULATION_SEEDS ?? (SIMULATION_SEED === undefined ? 1_000 : 1));

/** Plays seeds until `limit` of them have failed; @returns those. */
async function failing(first: number, seeds: number, limit: number, parts?: Partial<Parts>) {
  const failed = new Map<number, Play>();
  for (let seed = first; seed < first + seeds && failed.size < limit; seed += 1) {
    const played = await play(seed, parts);
    if (played.found.length > 0) failed.set(seed, played);
  }
  return failed;
}

describe('The four services together', () => {
  it(`balance their books after crashes, repetitions and disorder (${SEEDS} seeds from ${FIRST})`, async () => {
    const failed = await failing(FIRST, SEEDS, 1_000);
    if (failed.size > 0) throw new Error(report(failed));
  });
});

describe('The simulation', () => {
  it.each(Object.keys(planted))('finds %s', async (fault) => {
    const failed = await failing(1, 300, 1, planted[fault]);
    expect(failed.size).toBe(1);
  });

  it('says how to play a failing seed again, and what happened in it', async () => {
    const failed = await failing(1, 300, 1, planted['a ledger that forgets what it has written']);
    const [seed] = failed.keys();
    const said = report(failed);
    expect(said).toContain(`SIMULATION_SEED=${seed} npm run test:unit`);
    expect(said).toMatch(/^  (the ledger has two lines|equipment \d+ has \d+, but)/m);
    expect(said).toMatch(/moves stock/);
  });

  it('plays a seed the same again, whatever the time and the dice', async () => {
    const { random } = Math;
    const { now } = Date;
    const forbidden = () => {
      throw new Error('neither the same again nor the same elsewhere');
    };
    try {
      Object.assign(Math, { random: forbidden });
      Object.assign(Date, { now: forbidden });
      for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
        const { trace } = await play(seed);
        expect((await play(seed)).trace).toEqual(trace);
        expect(trace.length).toBeGreaterThan(100);
      }
    } finally {
      Object.assign(Math, { random });
      Object.assign(Date, { now });
    }
  });
});
