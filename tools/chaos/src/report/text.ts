import type { LayerResult } from '../record.ts';
import { worded } from './measures.ts';
import {
  commandOf,
  counted,
  inWords,
  ledgerOf,
  number,
  passed,
  verdictOf,
  type Report,
} from './report.ts';

/** Differences of a layer that are told before the rest is only counted. */
const TOLD = 20;
/** Causes of failed requests that are told. */
const CAUSES = 8;

/** The report for a terminal; the verdict is its last line. */
export function reportText(report: Report): string {
  const { entries, differences } = ledgerOf(report.layers);
  return [
    `Proof that the books balance, ${report.startedAt}`,
    `Again with: ${commandOf(report)}`,
    '',
    ...table([
      ...entries.map(([name, count]) => [name, count === undefined ? '-' : number(count)]),
      ['Differences', number(differences)],
    ]),
    ...report.layers.flatMap((layer) => ['', ...layerText(layer)]),
    '',
    verdictOf(report),
    '',
  ].join('\n');
}

function layerText(layer: LayerResult): string[] {
  const { name, seed, seconds, faults, counts, measures, differences } = layer;
  const facts = [`seed ${seed}`, `${number(seconds, 1)} s`, counted(faults.length, 'fault')];
  const counters = Object.entries(counts).map(
    ([what, count]) => `${inWords(what)} ${number(count)}`,
  );
  const rows = measures.map((measure) => {
    const { mark, value, bar } = worded(measure);
    return [`${mark} ${measure.name}`, value, bar];
  });
  const more = differences.length - TOLD;
  return [
    `${passed(layer) ? '✓' : '✗'} ${name}: ${facts.join(', ')}`,
    ...(counters.length > 0 ? [`  ${counters.join(', ')}`] : []),
    ...failedRequests(layer).map((line) => `  ${line}`),
    ...table(rows),
    `  ${counted(differences.length, 'difference')}${differences.length > 0 ? ':' : ''}`,
    ...differences.slice(0, TOLD).map((line) => `    ${line}`),
    ...(more > 0 ? [`    and ${number(more)} more`] : []),
  ];
}

/** What clients were told that was no clear answer, the most frequent first. */
function failedRequests(layer: LayerResult): string[] {
  const causes = Object.entries(layer.failedRequests).sort(([, a], [, b]) => b - a);
  if (causes.length === 0) return [];
  const sum = causes.reduce((total, [, count]) => total + count, 0);
  const told = causes.slice(0, CAUSES).map(([what, count]) => `  ${number(count)} × ${what}`);
  return [`${counted(sum, 'failed request')}, sent again until answered:`, ...told];
}

/** Rows in columns, the first to the left and the others to the right. */
function table(rows: readonly string[][]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)),
    [],
  );
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    return `  ${cells.join('   ')}`;
  });
}
