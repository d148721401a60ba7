import { isTransient } from '@equipmgnt/database';
import fc from 'fast-check';

/** The number of commands that run at the same time. */
export const CONCURRENCY = 32;
/** The time limit for shrinking a failing case; well below the test timeout. */
const SHRINKING_MS = 60_000;

const { MODEL_RUNS = '15', MODEL_SEED, MODEL_PATH } = process.env;

/**
 * Runs commands in the order given, at most {@link CONCURRENCY} of them at the same time. Returns when all
 * have ended, so that none overlaps with the next run. @throws the error of the first that failed
 */
async function inParallel<C>(commands: readonly C[], run: (command: C) => Promise<void>) {
  const left = commands.values();
  const workers = Array.from({ length: CONCURRENCY }, async () => {
    for (const command of left) await run(command);
  });
  for (const outcome of await Promise.allSettled(workers)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** Repeats a handler after a transient database error such as a deadlock, as the consumers do. */
export async function retryTransient(handle: () => Promise<void>): Promise<void> {
  try {
    await handle();
  } catch (error) {
    if (!isTransient(error)) throw error;
    return retryTransient(handle);
  }
}

/** A system with a model of its expected state. */
export interface Modelled<C> {
  /** Empties the databases and the model. */
  readonly reset: () => Promise<void>;
  /** Runs the command on the system, and records its expected effect in the model. */
  readonly run: (command: C) => Promise<void>;
  /** The differences between system and model when all commands have ended. */
  readonly differences: () => Promise<string[]>;
}

/**
 * Runs random commands concurrently on a real database and compares the result with a model. The
 * seed determines the commands, but not their interleaving, so reproducing a failure may need
 * several attempts.
 * @throws Error with the smallest failing list of commands, and how to run it again
 */
export async function checkAgainstModel<C>(command: fc.Arbitrary<C>, system: Modelled<C>) {
  const commands = fc.array(command, { minLength: 1, maxLength: 150, size: 'max' });
  const property = fc.asyncProperty(commands, async (given) => {
    await system.reset();
    await inParallel(given, system.run);
    const differences = await system.differences();
    if (differences.length > 0) throw new Error(differences.slice(0, 10).join('\n'));
  });
  const details = await fc.check(property, {
    numRuns: Number(MODEL_RUNS),
    interruptAfterTimeLimit: SHRINKING_MS,
    ...(MODEL_SEED !== undefined && { seed: Number(MODEL_SEED) }),
    ...(MODEL_PATH !== undefined && { path: MODEL_PATH }),
  });
  if (!details.failed) return;
  const { seed, counterexamplePath } = details;
  throw new Error(
    [
      await fc.asyncDefaultReportMessage(details),
      `Run again: MODEL_SEED=${seed} MODEL_PATH=${counterexamplePath} npm test -- --testPathPatterns model`,
    ].join('\n\n'),
    { cause: details.errorInstance },
  );
}
