import { join } from 'node:path';
import { NODE, REPOSITORY } from '../layout.ts';
import { CommandFailed, run } from '../processes/run.ts';
import type { Report } from '../terminal/report.ts';
import { SetupError } from '../setup-error.ts';

/**
 * Builds all packages of a repository that have changed since their last build.
 * @throws SetupError with the output of the build.
 */
export async function build(
  report: Report,
  signal: AbortSignal,
  repository = REPOSITORY,
): Promise<void> {
  const nx = join(repository, 'node_modules/.bin/nx');
  const args = [nx, 'run-many', '-t', 'build', '--outputStyle=static'];
  const onLine = (line: string) => {
    if (line.trim() !== '') report(line.trim());
  };
  try {
    await run(NODE, args, { cwd: repository, signal, onLine });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new SetupError(`The build failed (npm run build):\n${error.output}`, { cause: error });
  }
}
