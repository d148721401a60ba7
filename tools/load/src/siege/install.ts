import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianPackage, messageOf, REPOSITORY, SetupError } from '@equipmgnt/testing';

const execute = promisify(execFile);
const SIEGERC = join(REPOSITORY, 'k8s/load/siegerc');

const HOW = [
  '  Debian, Ubuntu: sudo apt-get install siege',
  '  macOS:          brew install siege coreutils (whose gnubin folder, with timeout, is on PATH)',
].join('\n');

/**
 * Finds siege on PATH, or else unpacks Debian's package into a folder of this repository. That needs
 * no root and leaves the rest of the machine unchanged.
 * @throws SetupError with installation instructions if neither is possible
 */
export async function siegeProgram(): Promise<string> {
  if (await runs('siege')) return 'siege';
  let folder: string;
  try {
    folder = await debianPackage('siege');
  } catch (error) {
    throw new SetupError(`There is no siege on PATH. ${messageOf(error)}\nInstall it:\n${HOW}`, {
      cause: error,
    });
  }
  const siege = join(folder, 'bin/siege');
  if (await runs(siege)) return siege;
  throw new SetupError(`${siege}, from Debian's package, does not run here. Install it:\n${HOW}`);
}

/** Without a configuration of its own, siege fails even when it only prints its version. */
const runs = (program: string): Promise<boolean> =>
  execute(program, ['--version'], { env: { ...process.env, SIEGERC } }).then(
    () => true,
    () => false,
  );
