import { violations } from './invariants.ts';
import { World, type Faults, type Parts } from './world.ts';

const ACTIONS = 30;
const HOUR_MS = 60 * 60 * 1_000;

/** Some faults hide others: a redelivery repairs a loss. So each seed has its own mix of faults. */
const faultsOf = (seed: number): Faults => ({
  crash: [0, 0.05][seed % 2] ?? 0,
  repeat: [0, 0.2][(seed >> 1) % 2] ?? 0,
  disorder: (seed >> 2) % 2 === 1,
  approvalDown: [0, 0.2, 0.9][seed % 3] ?? 0,
  skewsMs: [0, seed % 5 === 0 ? HOUR_MS : 0, seed % 7 === 0 ? -HOUR_MS : 0],
});

/** The result of one seed. */
export interface SimulationResult {
  /** The violated invariants; empty when all of them hold. */
  readonly violations: readonly string[];
  /** All steps, one line each. */
  readonly trace: readonly string[];
}

/** Runs one seed to its end. */
export async function runSimulation(
  seed: number,
  parts?: Partial<Parts>,
): Promise<SimulationResult> {
  const world = new World(seed, faultsOf(seed), parts);
  const { random, steps } = world;
  for (let actions = 0; actions < ACTIONS;) {
    // Clients act rarely, so that most operations end before the next one starts.
    const choice = random.next();
    if (choice < 0.12 || !(steps.busy || world.unpublished || !world.bus.drained)) {
      await world.act();
      actions += 1;
    } else if (choice < 0.3 && world.unpublished) world.relay();
    else if (choice < 0.5) await world.deliver();
    else await world.advance();
  }
  await world.settle();
  return { violations: violations(world), trace: steps.trace };
}

/** Describes the first few failed seeds, each with the command that runs it alone. */
export function report(failed: ReadonlyMap<number, SimulationResult>): string {
  const some = [...failed].slice(0, 5).map(([seed, { violations: lines, trace }]) =>
    [
      `Seed ${seed} violates invariants:`,
      ...lines.slice(0, 10).map((line) => `  ${line}`),
      // The trace is long, so it is shown only when one seed failed.
      ...(failed.size === 1 ? ['Steps:', ...trace.map((line) => `  ${line}`)] : []),
      `To run it again: SIMULATION_SEED=${seed} npm run test:unit -- --testPathPatterns simulation`,
    ].join('\n'),
  );
  return [`${failed.size} seeds violate invariants.`, ...some].join('\n\n');
}
