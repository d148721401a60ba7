import { styleText } from 'node:util';

/** Prints a line for each check, and counts the passed and the failed ones. */
export class Checklist {
  passed = 0;
  failed = 0;

  /**
   * Runs one check, and prints its result and duration.
   * @param work throws if the check fails; may return a figure to print
   * @returns whether the check passed
   */
  async check(title: string, work: () => Promise<string | void>): Promise<boolean> {
    const start = performance.now();
    try {
      const figure = await work();
      const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`;
      const note = styleText('dim', `(${figure ? `${figure}; ` : ''}${seconds})`);
      console.log(`${styleText('green', '✓')} ${title} ${note}`);
      this.passed += 1;
      return true;
    } catch (error) {
      console.log(`${styleText('red', '✗')} ${title}\n    ${(error as Error).message}`);
      this.failed += 1;
      return false;
    }
  }
}

/** @throws Error with the found and the expected value */
export function expectEqual(what: string, found: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: expected ${other}, got ${one}`);
}
