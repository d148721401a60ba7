import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { LayerResult } from '../run-record.ts';
import { Markup, markup } from './markup.ts';
import { plotsOf } from './plots.ts';
import {
  commandOf,
  counted,
  describeMeasure,
  inWords,
  number,
  passed,
  proved,
  resultOf,
  totalsOf,
  type Report,
} from './report.ts';

/** Differences of a layer that the page shows; report.json has all. */
const SHOWN = 1_000;
const TITLE = 'Proof that all invariants hold';

/**
 * Writes a report as JSON, with everything in it, and as a page to look at.
 * @returns where they are
 */
export async function writeReport(
  directory: string,
  report: Report,
): Promise<{ json: string; html: string }> {
  await mkdir(directory, { recursive: true });
  const files = { json: join(directory, 'report.json'), html: join(directory, 'report.html') };
  await writeFile(files.json, `${JSON.stringify(report, finite, 2)}\n`);
  await writeFile(files.html, await reportHtml(report));
  return files;
}

/** JSON has no number for a figure that was never reached. */
const finite = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

/** One page that needs nothing else, not even a network. */
async function reportHtml(report: Report): Promise<string> {
  const [simple, own] = await Promise.all([
    readFile(createRequire(import.meta.url).resolve('simpledotcss/simple.min.css'), 'utf8'),
    readFile(new URL('page.css', import.meta.url), 'utf8'),
  ]);
  const { entries, differences } = totalsOf(report.layers);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${TITLE}: ${resultOf(report)}</title>
<style>${new Markup(simple + own)}</style>
</head>
<body>
<main>
<h1>${TITLE}</h1>
<p class="notice ${proved(report) ? 'good' : 'bad'}">${resultOf(report)}</p>
<p>Started ${report.startedAt}, seed ${report.seed}. Again with <code>${commandOf(report)}</code></p>
<h2>Totals</h2>
<dl>
${entries.map(([name, count]) => entry(name, count === undefined ? '–' : number(count)))}
${entry('Differences', number(differences), differences === 0 ? 'good' : 'bad')}
</dl>
<h2>Layers</h2>
${table(['Layer', 'Seed', 'Seconds', 'Faults', 'Measures', 'Differences'], report.layers.map(summary))}
${report.layers.map(section)}
</main>
</body>
</html>
`.text;
}

const entry = (name: string, count: string, tone = '') =>
  markup`<div><dt>${name}</dt><dd class="${tone}">${count}</dd></div>\n`;

const mark = (good: boolean) =>
  good ? markup`<span class="good">✓</span>` : markup`<span class="bad">✗</span>`;

const table = (head: string[], rows: (Markup | string)[][]) => markup`<table>
<tr>${head.map((cell) => markup`<th>${cell}</th>`)}</tr>
${rows.map((row) => markup`<tr>${row.map((cell) => markup`<td>${cell}</td>`)}</tr>\n`)}</table>`;

function summary(layer: LayerResult, i: number): (Markup | string)[] {
  const { missed, measures, notApplicable, differences } = totalsOf([layer]);
  const others = notApplicable === 0 ? '' : `, ${notApplicable} not applicable`;
  return [
    markup`${mark(passed(layer))} <a href="#layer-${i}">${layer.name}</a>`,
    String(layer.seed),
    number(layer.seconds, 1),
    number(layer.faults.length),
    `${measures - missed} of ${measures} met${others}`,
    number(differences),
  ];
}

function section(layer: LayerResult, i: number): Markup {
  const { name, seed, seconds, faults, counts, measures } = layer;
  const rows = measures.map((measure) => {
    const { mark: sign, value, threshold } = describeMeasure(measure);
    const tone = { '✓': 'good', '✗': 'bad' }[sign] ?? '';
    return [markup`<span class="${tone}">${sign}</span> ${measure.name}`, value, threshold];
  });
  return markup`<section id="layer-${i}">
<h2>${mark(passed(layer))} ${name}</h2>
<p>Seed ${seed}, ${number(seconds, 1)} s, ${counted(faults.length, 'fault')}.</p>
<dl>${Object.entries(counts).map(([what, count]) => entry(inWords(what), number(count)))}</dl>
${rows.length > 0 ? table(['Measure', 'Value', 'Threshold'], rows) : ''}
${differenceList(layer)}
${plotsOf(layer)}
</section>
`;
}

function differenceList({ differences }: LayerResult): Markup {
  if (differences.length === 0) return markup`<p>${mark(true)} No differences.</p>`;
  const more = differences.length - SHOWN;
  return markup`<details open>
<summary>${mark(false)} ${counted(differences.length, 'difference')}</summary>
<ol>${differences.slice(0, SHOWN).map((line) => markup`<li>${line}</li>\n`)}</ol>
${more > 0 ? markup`<p>and ${number(more)} more in report.json</p>` : ''}
</details>`;
}
