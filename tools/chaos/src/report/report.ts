import { meets, type LayerResult } from '../run-record.ts';

/** A whole proof, with what is needed to run it again. */
export interface Report {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seed: number;
  /** As given on the command line, by long name, without the seed. */
  readonly options: Readonly<Record<string, Option>>;
  readonly layers: readonly LayerResult[];
}

export type Option = string | number | boolean;

/** What came of all layers together. */
export interface Totals {
  /** By name as a manager knows it; undefined where no layer counted that. */
  readonly entries: readonly (readonly [name: string, count: number | undefined])[];
  readonly differences: number;
  readonly measures: number;
  /** Measures beyond their thresholds. */
  readonly missed: number;
}

const ENTRIES = {
  acknowledged: 'Orders acknowledged',
  approved: 'Orders approved',
  cancelled: 'Orders cancelled',
  rejected: 'Orders rejected',
  unitsOut: 'Units out',
  unitsBack: 'Units back',
} as const;

export function totalsOf(layers: readonly LayerResult[]): Totals {
  const measures = layers.flatMap((layer) => layer.measures);
  return {
    entries: Object.entries(ENTRIES).map(([key, name]) => {
      const counts = layers.flatMap((layer) => layer.counts[key] ?? []);
      return [name, counts.length === 0 ? undefined : total(counts)];
    }),
    differences: total(layers.map((layer) => layer.differences.length)),
    measures: measures.length,
    missed: measures.filter((measure) => !meets(measure)).length,
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
  const { differences, measures, missed } = totalsOf(report.layers);
  const invariants = differences === 0 ? 'all invariants hold' : 'some invariants do not hold';
  const thresholds =
    missed === 0
      ? `${counted(measures, 'measure')} within the thresholds`
      : `${missed} of ${counted(measures, 'measure')} beyond the thresholds`;
  const outcome = proved(report) ? 'PASSED' : 'FAILED';
  return `${outcome}: ${invariants}, ${counted(differences, 'difference')}, ${thresholds}.`;
}

/** The command that runs the same again. */
export function commandOf({ seed, options }: Report): string {
  const given = Object.entries<Option>({ seed, ...options }).flatMap(([name, value]) => {
    if (value === false) return [];
    return value === true ? [`--${name}`] : [`--${name} ${value}`];
  });
  return `npm run prove -- ${given.join(' ')}`;
}

export const counted = (count: number, what: string): string =>
  `${number(count)} ${what}${count === 1 ? '' : 's'}`;

export const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** The name of a count in words, e.g. `units out` for `unitsOut`. */
export const inWords = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
