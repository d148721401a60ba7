import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { downloadedOnce, LOCAL, messageOf, REPOSITORY, run, SetupError } from '@equipmgnt/testing';

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
    folder = await downloadedOnce(join(LOCAL, 'siege'), unpackDebianPackage);
  } catch (error) {
    throw new SetupError(`There is no siege on PATH. ${messageOf(error)}\nInstall it:\n${HOW}`, {
      cause: error,
    });
  }
  const siege = join(folder, 'siege');
  if (await runs(siege)) return siege;
  throw new SetupError(`${siege}, from Debian's package, does not run here. Install it:\n${HOW}`);
}

/** Uses separate package lists, because a new container may have none. */
async function unpackDebianPackage(folder: string): Promise<string> {
  const [lists, cache] = [join(folder, 'lists'), join(folder, 'cache')];
  await Promise.all(
    [lists, cache].map((each) => mkdir(join(each, 'partial'), { recursive: true })),
  );
  const own = ['-q', '-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${cache}`];
  await run('apt-get', [...own, 'update'], { cwd: folder });
  await run('apt-get', [...own, 'download', 'siege'], { cwd: folder });
  await run('/bin/sh', ['-c', 'exec dpkg-deb -x siege_*.deb unpacked'], { cwd: folder });
  return join(folder, 'unpacked/usr/bin');
}

/** Without a configuration of its own, siege fails even when it only prints its version. */
const runs = (program: string): Promise<boolean> =>
  execute(program, ['--version'], { env: { ...process.env, SIEGERC } }).then(
    () => true,
    () => false,
  );
