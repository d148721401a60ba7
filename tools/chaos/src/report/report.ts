import { meets, type LayerResult, type Measure } from '../run-record.ts';

/** A whole proof, with what is needed to run it again. */
export interface Report {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seed: number;
  /** As given on the command line, by long name, without the seed. */
  readonly options: Readonly<Record<string, string | number>>;
  readonly layers: readonly LayerResult[];
}

const ENTRIES = {
  acknowledged: 'Orders acknowledged',
  approved: 'Orders approved',
  cancelled: 'Orders cancelled',
  rejected: 'Orders rejected',
  unitsOut: 'Units out',
  unitsBack: 'Units back',
} as const;

/** What came of all layers together. An entry is undefined where no layer counted that. */
export function totalsOf(layers: readonly LayerResult[]) {
  const measures = layers.flatMap((layer) => layer.measures);
  const applicable = measures.filter(({ notApplicable }) => notApplicable === undefined);
  return {
    entries: Object.entries(ENTRIES).map(([key, name]) => {
      const counts = layers.flatMap((layer) => layer.counts[key] ?? []);
      return [name, counts.length === 0 ? undefined : total(counts)] as const;
    }),
    differences: total(layers.map((layer) => layer.differences.length)),
    measures: applicable.length,
    missed: applicable.filter((measure) => !meets(measure)).length,
    notApplicable: measures.length - applicable.length,
  };
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Whether all invariants of a layer hold and all its measures are within their thresholds. */
export const passed = ({ differences, measures }: LayerResult): boolean =>
  differences.length === 0 && measures.every(meets);

/** Whether everything that was run passed, and anything was run at all. */
export const proved = ({ layers }: Report): boolean => layers.length > 0 && layers.every(passed);

/** The outcome in one sentence. */
export function resultOf(report: Report): string {
  if (report.layers.length === 0) return 'FAILED: no layer was run, so nothing is proved.';
  const { differences, measures, missed, notApplicable } = totalsOf(report.layers);
  return [
    `${proved(report) ? 'PASSED' : 'FAILED'}: `,
    differences === 0 ? 'all invariants hold' : 'some invariants do not hold',
    `, ${counted(differences, 'difference')}, `,
    missed === 0 ? '' : `${missed} of `,
    `${counted(measures, 'measure')} ${missed === 0 ? 'within' : 'beyond'} the thresholds`,
    notApplicable === 0 ? '.' : `, ${notApplicable} not applicable.`,
  ].join('');
}

/** The command that runs the same again. */
export function commandOf({ seed, options }: Report): string {
  const given = Object.entries({ seed, ...options }).map(([name, value]) => `--${name} ${value}`);
  return `npm run prove -- ${given.join(' ')}`;
}

/** A measure in words; where its threshold does not apply, with the reason instead of it. */
export function describeMeasure(measure: Measure): {
  mark: string;
  value: string;
  threshold: string;
} {
  const { value, unit, must, limit, notApplicable } = measure;
  if (notApplicable !== undefined) {
    return { mark: '–', value: 'not applicable', threshold: notApplicable };
  }
  return {
    mark: meets(measure) ? '✓' : '✗',
    value: amount(value, unit),
    threshold: `${must} ${amount(limit, unit)}`,
  };
}

function amount(value: number, unit: Measure['unit']): string {
  if (!Number.isFinite(value)) return 'never';
  return { ms: `${number(value)} ms`, ratio: `${number(value, 2)}×`, count: number(value) }[unit];
}

export const counted = (count: number, what: string): string =>
  `${number(count)} ${what}${count === 1 ? '' : 's'}`;

export const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** The name of a count in words, e.g. `units out` for `unitsOut`. */
export const inWords = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
