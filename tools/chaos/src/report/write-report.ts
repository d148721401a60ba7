import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reportHtml } from './report-html.ts';
import type { Report } from './report.ts';

export { totalsOf, proved, type Totals, type Report } from './report.ts';
export { reportText } from './report-text.ts';

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
