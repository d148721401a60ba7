import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { plotsOf } from './plots.ts';
import { layerText, totalsText } from './report-text.ts';
import { passed, proved, resultOf, type Report } from './report.ts';

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

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The text of the report with the timelines, on one page that needs nothing else, not even a network. */
async function reportHtml(report: Report): Promise<string> {
  const style = createRequire(import.meta.url).resolve('simpledotcss/simple.min.css');
  const tone = (good: boolean) =>
    good ? 'light-dark(#17713f, #5fd08f)' : 'light-dark(#b3261e, #ff8a80)';
  const sections = report.layers.map((layer) => {
    const [heading = '', ...lines] = layerText(layer, SHOWN);
    return `<section>
<h2 style="color: ${tone(passed(layer))}">${escaped(heading)}</h2>
<pre>${escaped(lines.join('\n'))}</pre>
${plotsOf(layer).join('\n')}
</section>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escaped(`${TITLE}: ${resultOf(report)}`)}</title>
<style>${await readFile(style, 'utf8')}
body { grid-template-columns: 1fr min(70rem, 95%) 1fr; }
figure { margin: 0; }
pre { white-space: pre-wrap; }
</style>
<main>
<h1>${TITLE}</h1>
<p class="notice" style="color: ${tone(proved(report))}">${escaped(resultOf(report))}</p>
<pre>${escaped(totalsText(report).join('\n'))}</pre>
${sections.join('\n')}
</main>
</html>
`;
}
