import { discrepancies } from './invariants.ts';
import { World, type Faults, type Parts } from './world.ts';

const ACTIONS = 30;
const HOUR_MS = 60 * 60 * 1_000;

/** Some faults hide others: a repetition makes up for what was lost. So each seed has its own mix. */
const faultsOf = (seed: number): Faults => ({
  crash: [0, 0.05][seed % 2] ?? 0,
  repeat: [0, 0.2][(seed >> 1) % 2] ?? 0,
  disorder: (seed >> 2) % 2 === 1,
  approvalAway: [0, 0.2, 0.9][seed % 3] ?? 0,
  skewsMs: [0, seed % 5 === 0 ? HOUR_MS : 0, seed % 7 === 0 ? -HOUR_MS : 0],
});

/** How one seed went. */
export interface Play {
  /** What does not add up; nothing when the books balance. */
  readonly found: readonly string[];
  /** What happened, step by step. */
  readonly trace: readonly string[];
}

/** Plays one seed to its end. */
export async function play(seed: number, parts?: Partial<Parts>): Promise<Play> {
  const world = new World(seed, faultsOf(seed), parts);
  const { random, steps } = world;
  for (let acted = 0; acted < ACTIONS;) {
    // clients act rarely enough for most of what was begun before to come to its end
    const choice = random.next();
    if (choice < 0.12 || !(steps.busy || world.unpublished || !world.bus.drained)) {
      await world.act();
      acted += 1;
    } else if (choice < 0.3 && world.unpublished) world.relay();
    else if (choice < 0.5) await world.deliver();
    else await world.advance();
  }
  await world.settle();
  return { found: discrepancies(world), trace: steps.trace };
}

/** What there is to say of seeds that failed: the first few, and how to play each alone. */
export function report(failed: ReadonlyMap<number, Play>): string {
  const some = [...failed].slice(0, 5).map(([seed, { found, trace }]) =>
    [
      `Seed ${seed} does not balance:`,
      ...found.slice(0, 10).map((line) => `  ${line}`),
      // enough for all of a run when it is alone, and nobody wants five of them
      ...(failed.size === 1 ? ['What happened:', ...trace.map((line) => `  ${line}`)] : []),
      `Again, step by step: SIMULATION_SEED=${seed} npm run test:unit -- --testPathPatterns simulation`,
    ].join('\n'),
  );
  return [`${failed.size} seeds do not balance.`, ...some].join('\n\n');
}
