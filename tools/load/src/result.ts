import { styleText } from 'node:util';

/** One thing that a demonstration has to show. */
export interface Check {
  readonly threshold: string;
  readonly held: boolean;
  /** What there was instead, or in figures. */
  readonly found: string;
}

export const passed = (checks: readonly Check[]): boolean =>
  checks.length > 0 && checks.every(({ held }) => held);

/** The result as it is printed: a line for each check, then PASS or FAIL. */
export function describe(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ threshold }) => threshold.length));
  const lines = checks.map(({ threshold, held, found }) => {
    const mark = held ? styleText('green', '✓') : styleText('red', '✗');
    return `  ${mark} ${threshold.padEnd(width)}  ${found}`;
  });
  const result = passed(checks) ? styleText('green', 'PASS') : styleText('red', 'FAIL');
  return [...lines, styleText('bold', result)].join('\n');
}

/** @throws Error when there are none */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('there is no median of nothing');
  return middle;
}
