import { styleText } from 'node:util';

/** One condition of a demonstration's PASS. */
export interface Check {
  /** What has to be true, as it is printed. */
  readonly threshold: string;
  readonly held: boolean;
  /** What was measured. */
  readonly found: string;
}

export const passed = (checks: readonly Check[]): boolean =>
  checks.length > 0 && checks.every(({ held }) => held);

/** The printed result: a line for each check, then PASS or FAIL. */
export function describe(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ threshold }) => threshold.length));
  const lines = checks.map(({ threshold, held, found }) => {
    const mark = held ? styleText('green', '✓') : styleText('red', '✗');
    return `  ${mark} ${threshold.padEnd(width)}  ${found}`;
  });
  const result = passed(checks) ? styleText('green', 'PASS') : styleText('red', 'FAIL');
  return [...lines, styleText('bold', result)].join('\n');
}

/** @throws Error if there are no values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('an empty list has no median');
  return middle;
}
