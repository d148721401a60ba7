import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { LayerResult } from '../run-record.ts';
import { Markup, markup, scriptJson } from './markup.ts';
import { describeMeasure } from './describe-measure.ts';
import {
  commandOf,
  counted,
  inWords,
  totalsOf,
  number,
  passed,
  proved,
  resultOf,
  type Report,
} from './report.ts';
import { timelineOf } from './timeline.ts';

/** Differences of a layer that the page shows; report.json has all. */
const SHOWN = 1_000;
const TITLE = 'Proof that all invariants hold';

/** The report as one page that needs nothing else, not even a network. */
export async function reportHtml(report: Report): Promise<string> {
  const [uplotStyle, style, uplot, plots] = await Promise.all([
    uplotFile('uPlot.min.css'),
    ownFile('page.css'),
    uplotFile('uPlot.iife.min.js'),
    ownFile('plots.js'),
  ]);
  const { entries, differences } = totalsOf(report.layers);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${TITLE}: ${resultOf(report)}</title>
<style>${new Markup(uplotStyle + style)}</style>
</head>
<body>
<header>
<h1>${TITLE}</h1>
<p class="result ${proved(report) ? 'good' : 'bad'}">${resultOf(report)}</p>
<p>Started ${report.startedAt}, seed ${report.seed}. Again with <code>${commandOf(report)}</code></p>
</header>
<h2>Totals</h2>
<dl class="ledger">
${entries.map(([name, count]) => entry(name, count === undefined ? '–' : number(count)))}
${entry('Differences', number(differences), differences === 0 ? 'good' : 'bad')}
</dl>
<h2>Layers</h2>
<div class="scroll"><table>
<tr><th>Layer</th><th class="number">Seed</th><th class="number">Seconds</th><th class="number">Faults</th><th class="number">Measures</th><th class="number">Differences</th></tr>
${report.layers.map(summary)}
</table></div>
${report.layers.map(section)}
<script type="application/json" id="timelines">${scriptJson(report.layers.map(timelineOf))}</script>
<script>${new Markup(uplot)}</script>
<script>${new Markup(plots)}</script>
</body>
</html>
`;
  return page.text;
}

const ownFile = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8');

const uplotFile = (name: string): Promise<string> =>
  readFile(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8');

const entry = (name: string, count: string, tone = '') =>
  markup`<div><dt>${name}</dt><dd class="${tone}">${count}</dd></div>\n`;

const mark = (good: boolean) =>
  good ? markup`<span class="good">✓</span>` : markup`<span class="bad">✗</span>`;

function summary(layer: LayerResult, i: number): Markup {
  const { missed, measures, differences } = totalsOf([layer]);
  return markup`<tr><td>${mark(passed(layer))} <a href="#layer-${i}">${layer.name}</a></td>
<td class="number">${layer.seed}</td><td class="number">${number(layer.seconds, 1)}</td>
<td class="number">${number(layer.faults.length)}</td>
<td class="number">${number(measures - missed)} of ${number(measures)} met</td>
<td class="number">${number(differences)}</td></tr>
`;
}

function section(layer: LayerResult, i: number): Markup {
  const { name, seed, seconds, faults, counts, measures, samples } = layer;
  return markup`<section id="layer-${i}">
<h2>${mark(passed(layer))} ${name}</h2>
<p>Seed ${seed}, ${number(seconds, 1)} s, ${counted(faults.length, 'fault')}.</p>
<dl class="counts">${Object.entries(counts).map(([what, count]) => entry(inWords(what), number(count)))}</dl>
${measures.length > 0 ? measureTable(layer) : ''}
${differenceList(layer)}
${samples.length > 0 ? markup`<div class="plots" data-layer="${i}"></div>` : ''}
</section>
`;
}

function measureTable({ measures }: LayerResult): Markup {
  const rows = measures.map((measure) => {
    const { mark: sign, value, threshold } = describeMeasure(measure);
    return markup`<tr><td>${mark(sign === '✓')} ${measure.name}</td>
<td class="number">${value}</td><td class="number">${threshold}</td></tr>
`;
  });
  return markup`<div class="scroll"><table>
<tr><th>Measure</th><th class="number">Value</th><th class="number">Bar</th></tr>
${rows}</table></div>`;
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
