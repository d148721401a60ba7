import { Logger } from '@nestjs/common';
import { mutants } from './mutants.ts';
import { report, runSimulation, type SimulationResult } from './run-simulation.ts';
import type { Parts } from './world.ts';

// The simulated crashes are logged, too, but the trace of a seed shows them already.
Logger.overrideLogger(false);

const { SIMULATION_SEED, SIMULATION_SEEDS } = process.env;
/** The first seed. The only one, unless SIMULATION_SEEDS is set. */
const FIRST = Number(SIMULATION_SEED ?? 1);
/** A thousand for a developer; npm test runs ten times as many. */
const SEEDS = Number(SIMULATION_SEEDS ?? (SIMULATION_SEED === undefined ? 1_000 : 1));

/** Runs seeds until `limit` of them have failed. @returns the failed ones */
async function failing(first: number, seeds: number, limit: number, parts?: Partial<Parts>) {
  const failed = new Map<number, SimulationResult>();
  for (let seed = first; seed < first + seeds && failed.size < limit; seed += 1) {
    const result = await runSimulation(seed, parts);
    if (result.violations.length > 0) failed.set(seed, result);
  }
  return failed;
}

describe('The four services together', () => {
  it(`keep all invariants after crashes, redeliveries and reordering (${SEEDS} seeds from ${FIRST})`, async () => {
    const failed = await failing(FIRST, SEEDS, 1_000);
    if (failed.size > 0) throw new Error(report(failed));
  });
});

describe('The simulation', () => {
  it.each(Object.keys(mutants))('finds %s', async (mutant) => {
    const failed = await failing(1, 300, 1, mutants[mutant]);
    expect(failed.size).toBe(1);
  });

  it('reports how to run a failed seed again, and its steps', async () => {
    const failed = await failing(1, 300, 1, mutants['a ledger that loses its lines']);
    const [seed] = failed.keys();
    const text = report(failed);
    expect(text).toContain(`SIMULATION_SEED=${seed} npm run test:unit`);
    expect(text).toMatch(/^  (the ledger has two lines|equipment \d+ has \d+, but)/m);
    expect(text).toMatch(/moves stock/);
  });

  it('repeats a seed exactly, without the system clock and Math.random', async () => {
    const { random } = Math;
    const { now } = Date;
    const forbidden = () => {
      throw new Error('the result of this call differs from run to run');
    };
    try {
      Object.assign(Math, { random: forbidden });
      Object.assign(Date, { now: forbidden });
      for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
        const { trace } = await runSimulation(seed);
        expect((await runSimulation(seed)).trace).toEqual(trace);
        expect(trace.length).toBeGreaterThan(100);
      }
    } finally {
      Object.assign(Math, { random });
      Object.assign(Date, { now });
    }
  });
});
