import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { delimiter, dirname, join, relative } from 'node:path';
import { LOCAL, REPOSITORY } from '../layout.ts';
import { run } from '../processes/run.ts';
import { SetupError } from '../setup-error.ts';
import { build } from './build.ts';

/** A built version of the suite. */
export interface Build {
  /** Its commit, or `here` for the working tree. */
  readonly name: string;
  readonly directory: string;
}

type Say = (text: string) => void;

export async function buildWorkingTree(signal: AbortSignal): Promise<Build> {
  await build(() => undefined, signal);
  return { name: 'here', directory: REPOSITORY };
}

/**
 * Checks a commit out into a git worktree under .local/builds, which is kept, and builds it there.
 * @throws SetupError when there is no such commit
 */
export async function buildCommit(commit: string, say: Say): Promise<Build> {
  const id = await git('rev-parse', '--short', '--verify', `${commit}^{commit}`).catch(() => {
    throw new SetupError(`There is no commit ${commit}.`);
  });
  const name = id.trim();
  const directory = join(LOCAL, 'builds', name);
  if (!(await stat(directory).catch(() => undefined))) {
    await git('worktree', 'add', '--detach', directory, name);
  }
  say(`building ${name}`);
  const env = {
    ...process.env,
    PATH: [join(directory, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
  };
  const lock = (folder: string) => readFile(join(folder, 'package-lock.json'), 'utf8');
  if ((await lock(directory)) === (await lock(REPOSITORY))) await linkModules(directory);
  else await run('npm', ['ci', '--prefer-offline', '--no-audit'], { cwd: directory, env });
  await run('npm', ['run', '--silent', 'build'], { cwd: directory, env });
  return { name, directory };
}

const git = (...args: string[]) => run('git', args, { cwd: REPOSITORY });

/**
 * The commit to compare with: the newest release (a tag `v…`) before this commit, or its parent if there
 * is none. Undefined where Git does not know it, as in a shallow clone or in an archive of the sources.
 */
export async function previousVersion(): Promise<string | undefined> {
  const release = await git('describe', '--tags', '--match', 'v*', '--abbrev=0', 'HEAD^').catch(
    () => undefined,
  );
  const commit = release?.trim() ?? 'HEAD^';
  const exists = git('rev-parse', '--verify', '--quiet', `${commit}^{commit}`);
  return exists.then(
    () => commit,
    () => undefined,
  );
}

/** The same packages as here, but the workspaces of the other version. */
async function linkModules(directory: string): Promise<void> {
  const [from, to] = [join(REPOSITORY, 'node_modules'), join(directory, 'node_modules')];
  if (await stat(to).catch(() => undefined)) return;
  await mkdir(join(to, '@equipmgnt'), { recursive: true });
  const installed = (await readdir(from)).filter((name) => name !== '@equipmgnt');
  await Promise.all(installed.map((name) => symlink(join(from, name), join(to, name))));
  for (const parent of ['libs', 'services', '.']) {
    const folders = parent === '.' ? ['gateway'] : await readdir(join(directory, parent));
    for (const folder of folders) {
      const workspace = join(directory, parent, folder);
      const { name } = JSON.parse(await readFile(join(workspace, 'package.json'), 'utf8'));
      const link = join(to, name);
      await symlink(relative(dirname(link), workspace), link);
      const own = join(REPOSITORY, parent, folder, 'node_modules');
      if (await stat(own).catch(() => undefined))
        await symlink(own, join(workspace, 'node_modules'));
    }
  }
}
