import { join } from 'node:path';
import { WORKSPACE } from '../../layout.ts';
import { CommandFailed, run } from '../../processes/run.ts';
import type { Report } from '../../terminal/report.ts';
import { SetupError } from '../../setup-error.ts';
import { MavenProgress } from './maven-progress.ts';

/**
 * Runs a goal of Maven on this workspace's pom.xml, with the machine's own Maven settings
 * (mirrors, proxies, local repository).
 * @throws SetupError with Maven's own error lines.
 */
export async function maven(
  goal: string,
  properties: Record<string, string>,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const progress = new MavenProgress();
  // Without batch mode (-B), in which Maven prints no progress during a download.
  const args = ['-f', join(WORKSPACE, 'pom.xml'), '-Dstyle.color=never', goal];
  const settings = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  const onLine = (line: string) => {
    const text = progress.read(line);
    if (text !== undefined) report(`downloading, ${text}`);
  };
  try {
    await run('mvn', [...args, ...settings], { cwd: WORKSPACE, signal, onLine });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new SetupError(
      `Maven could not download what is missing:\n${errorLines(error.output)}\n` +
        'If this machine needs a proxy or a mirror for Maven repositories, configure it in ' +
        '~/.m2/settings.xml. Then try again. Complete downloads are kept.',
      { cause: error },
    );
  }
}

/** Maven's error lines, or the end of its output when it has none. */
function errorLines(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => line.includes('[ERROR] '));
  return (errors.length > 0 ? errors : lines.slice(-20)).map((line) => `  ${line}`).join('\n');
}
