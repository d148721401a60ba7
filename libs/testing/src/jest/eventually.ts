import { waitUntil } from '../wait-until.ts';

const WITHIN_MS = 60_000;

/**
 * Resolves when the probe neither throws (an `expect` that does not hold yet) nor answers false.
 * @throws Error after `withinMs`, with what the probe said last
 */
export const eventually = (probe: () => unknown, withinMs = WITHIN_MS): Promise<void> =>
  waitUntil(
    async () => {
      if ((await probe()) === false) throw new Error(`not yet: ${probe}`);
    },
    { withinMs },
  );
