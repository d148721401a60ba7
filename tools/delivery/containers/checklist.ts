import { styleText } from 'node:util';

/** What was checked, a line each, and how many of it did not hold. */
export class Checklist {
  passed = 0;
  failed = 0;

  /**
   * Checks one thing, and shows it with how long it took.
   * @param work returns a figure that is worth showing, if there is one, and throws if it does not hold
   * @returns whether it holds
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

/** @throws Error that says what was found and what was expected */
export function expectEqual(what: string, found: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: expected ${other}, got ${one}`);
}
