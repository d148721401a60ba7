import { meets, type Measure } from '../run-record.ts';
import { number } from './report.ts';

/** A measure in words. */
export interface MeasureText {
  readonly mark: '✓' | '✗';
  readonly value: string;
  /** E.g. `at most 5,000 ms`. */
  readonly threshold: string;
}

export const describeMeasure = (measure: Measure): MeasureText => ({
  mark: meets(measure) ? '✓' : '✗',
  value: amount(measure.value, measure.unit),
  threshold: `${measure.must} ${amount(measure.limit, measure.unit)}`,
});

function amount(value: number, unit: Measure['unit']): string {
  if (!Number.isFinite(value)) return 'never';
  switch (unit) {
    case 'ms':
      return `${number(value)} ms`;
    case 'orders/s':
      return `${number(value, 1)} orders/s`;
    case 'ratio':
      return `${number(value, 2)}×`;
    case 'bytes':
      return `${number(value / 2 ** 20, 1)} MiB`;
    case 'count':
      return number(value);
  }
}
