import { waitUntil } from '../wait-until.ts';

const WITHIN_MS = 60_000;

/**
 * Waits until the probe neither throws (for example from `expect`) nor returns false.
 * @throws Error after `withinMs`, with the last error of the probe
 */
export const eventually = (probe: () => unknown, withinMs = WITHIN_MS): Promise<void> =>
  waitUntil(
    async () => {
      if ((await probe()) === false) throw new Error(`still false: ${probe}`);
    },
    { withinMs },
  );
