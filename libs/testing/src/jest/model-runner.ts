import { isTransient } from '@equipmgnt/database';
import fc from 'fast-check';

/** Commands under way at once. */
export const CONCURRENCY = 32;
/** How long a failing case may be made smaller; well below Jest's limit. */
const SHRINKING_MS = 60_000;

const { MODEL_RUNS = '15', MODEL_SEED, MODEL_PATH } = process.env;

/**
 * Runs commands in the order given, at most {@link CONCURRENCY} of them at the same time. Returns when all
 * are at rest, so that none gets into the next run. @throws what the first of them failed with
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

/** Handles events again while the database is busy, as with a deadlock; so do the consumers. */
export async function retryTransient(handle: () => Promise<void>): Promise<void> {
  try {
    await handle();
  } catch (error) {
    if (!isTransient(error)) throw error;
    return retryTransient(handle);
  }
}

/** A real system beside which a model is kept. */
export interface Modelled<C> {
  /** Begins anew, with nothing in the databases. */
  readonly reset: () => Promise<void>;
  /** Does it for real, and notes in the model what must come of it. */
  readonly run: (command: C) => Promise<void>;
  /** What is not as the model says, once all commands are done. */
  readonly differences: () => Promise<string[]>;
}

/**
 * Has random commands meet each other on a real database and compares what comes of them with a
 * model. The seed decides on the commands; how they meet is up to the database, so a case that fails
 * now and then may need some attempts.
 * @throws Error with the smallest commands found that fail, and how to run them again
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
      `Again: MODEL_SEED=${seed} MODEL_PATH=${counterexamplePath} npm test -- --testPathPatterns model`,
    ].join('\n\n'),
    { cause: details.errorInstance },
  );
}
