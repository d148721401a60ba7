import { waitUntil } from '../wait-until.ts';

const WITHIN_MS = 60_000;

/**
 * Waits until the probe neither throws (for example from `expect`) nor returns false.
 * @returns what the probe returns
 * @throws Error after `withinMs`, with the last error of the probe
 */
export const eventually = <T>(
  probe: () => T,
  withinMs = WITHIN_MS,
): Promise<Exclude<Awaited<T>, false>> =>
  waitUntil(
    async () => {
      const result = await probe();
      if (result === false) throw new Error(`still false: ${probe}`);
      return result as Exclude<Awaited<T>, false>;
    },
    { withinMs },
  );
