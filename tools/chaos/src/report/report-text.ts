import type { LayerResult } from '../run-record.ts';
import {
  commandOf,
  counted,
  describeMeasure,
  inWords,
  number,
  passed,
  resultOf,
  totalsOf,
  type Report,
} from './report.ts';

/** Differences of a layer that a terminal shows. */
const LISTED = 20;
/** Causes of failed requests that are listed. */
const CAUSES = 8;

/** The report for a terminal; the result is its last line. */
export function reportText(report: Report): string {
  return [
    ...totalsText(report),
    ...report.layers.flatMap((layer) => ['', ...layerText(layer, LISTED)]),
    '',
    resultOf(report),
    '',
  ].join('\n');
}

export function totalsText(report: Report): string[] {
  const { entries, differences } = totalsOf(report.layers);
  return [
    `Proof that all invariants hold, ${report.startedAt}`,
    `Again with: ${commandOf(report)}`,
    '',
    ...table([
      ...entries.map(([name, count]) => [name, count === undefined ? '-' : number(count)]),
      ['Differences', number(differences)],
    ]),
  ];
}

/** Its heading and its lines. @param listed of the differences; the others are only counted */
export function layerText(layer: LayerResult, listed: number): string[] {
  const { name, seed, seconds, faults, counts, measures, differences } = layer;
  const facts = [`seed ${seed}`, `${number(seconds, 1)} s`, counted(faults.length, 'fault')];
  const counters = Object.entries(counts).map(
    ([what, count]) => `${inWords(what)} ${number(count)}`,
  );
  const rows = measures.map((measure) => {
    const { mark, value, threshold } = describeMeasure(measure);
    return [`${mark} ${measure.name}`, value, threshold];
  });
  const more = differences.length - listed;
  return [
    `${passed(layer) ? '✓' : '✗'} ${name}: ${facts.join(', ')}`,
    ...(counters.length > 0 ? [`  ${counters.join(', ')}`] : []),
    ...failedRequests(layer).map((line) => `  ${line}`),
    ...table(rows),
    `  ${counted(differences.length, 'difference')}${differences.length > 0 ? ':' : ''}`,
    ...differences.slice(0, listed).map((line) => `    ${line}`),
    ...(more > 0 ? [`    and ${number(more)} more`] : []),
  ];
}

/** Answers that were not clear, the most frequent first. */
function failedRequests(layer: LayerResult): string[] {
  const causes = Object.entries(layer.failedRequests).sort(([, a], [, b]) => b - a);
  if (causes.length === 0) return [];
  const sum = causes.reduce((total, [, count]) => total + count, 0);
  const listed = causes.slice(0, CAUSES).map(([what, count]) => `  ${number(count)} × ${what}`);
  return [`${counted(sum, 'failed request')}, sent again until answered:`, ...listed];
}

/** Rows in columns: a name, a figure and a remark. */
function table(rows: readonly string[][]): string[] {
  const width = (i: number) => Math.max(...rows.map((row) => row[i]?.length ?? 0));
  return rows.map(([name = '', figure = '', ...remark]) =>
    [`  ${name.padEnd(width(0))}`, figure.padStart(width(1)), ...remark].join('   '),
  );
}
