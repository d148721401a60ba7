import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '@equipmgnt/testing';
import type { Edit, Mutant } from './mutants.ts';

const SCOPE = '@equipmgnt';

/**
 * Makes a copy of the built product that has a bug. The bug is inserted in the sources of the packages
 * concerned, which are then built by their own build scripts; all other packages are copied as they
 * are built, so build the product first.
 * @param directory made if it is not there; it must be empty, and is the caller's to remove
 * @returns the directory, for the option `repository` of `Suite.start`
 * @throws Error when an edit no longer fits the product, or the product is not built
 */
export async function scratchCopy(bug: Mutant, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  await Promise.all([linkModules(directory), copy('.swcrc', directory)]);
  const packages = await productPackages();
  for (const folder of packages) {
    await copy(join(folder, 'package.json'), directory);
    if (!(await isBuilt(folder))) continue;
    const edits = bug.edits.filter(({ file }) => file.startsWith(`${folder}/`));
    if (edits.length === 0) {
      await copyBuilt(folder, directory);
    } else {
      await copy(join(folder, 'src'), directory);
      for (const edit of edits) await apply(edit, bug, directory);
      await build(folder, directory);
    }
  }
  return directory;
}

/**
 * The text after an edit.
 * @throws Error when what it looks for is not there exactly once
 */
export function edited(text: string, { file, find, replace }: Edit, bug: Mutant): string {
  const count = text.split(find).length - 1;
  if (count === 1) return text.replace(find, () => replace);
  throw new Error(
    `The mutant "${bug.name}" does not fit ${file} any more: its text is there ${count} times, ` +
      `not once. The product has changed, so change the bug in tools/chaos/src/mutants/mutants.ts. ` +
      `It looks for:\n${find}`,
  );
}

async function apply(edit: Edit, bug: Mutant, directory: string): Promise<void> {
  const path = join(directory, edit.file);
  await writeFile(path, edited(await readFile(path, 'utf8'), edit, bug));
}

/** The packages of what runs in production, relative to the repository. */
async function productPackages(): Promise<string[]> {
  const parents = ['libs', 'services'];
  const children = await Promise.all(parents.map((parent) => readdir(join(REPOSITORY, parent))));
  return [
    'gateway',
    ...parents.flatMap((parent, i) => (children[i] ?? []).map((name) => `${parent}/${name}`)),
  ];
}

/**
 * Everything that is installed, but the product's own packages in the scratch copy's versions: those
 * links are relative, so that they lead to the copies.
 */
async function linkModules(directory: string): Promise<void> {
  const [from, to] = [join(REPOSITORY, 'node_modules'), join(directory, 'node_modules')];
  await mkdir(join(to, SCOPE), { recursive: true });
  const installed = (await readdir(from)).filter((name) => name !== SCOPE);
  await Promise.all(installed.map((name) => symlink(join(from, name), join(to, name))));
  for (const folder of await productPackages()) {
    const { name } = JSON.parse(await readFile(join(REPOSITORY, folder, 'package.json'), 'utf8'));
    const link = join(to, name);
    await symlink(relative(join(link, '..'), join(directory, folder)), link);
  }
}

const copy = (path: string, directory: string): Promise<void> =>
  cp(join(REPOSITORY, path), join(directory, path), { recursive: true });

async function copyBuilt(folder: string, directory: string): Promise<void> {
  try {
    await copy(join(folder, 'dist'), directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`${folder} is not built: run npm run build first`, { cause: error });
  }
}

/** A workspace without a build script, such as libs/testing, is not part of the product. */
async function isBuilt(folder: string): Promise<boolean> {
  const { scripts } = JSON.parse(await readFile(join(REPOSITORY, folder, 'package.json'), 'utf8'));
  return scripts?.build !== undefined;
}

async function build(folder: string, directory: string): Promise<void> {
  const cwd = join(directory, folder);
  const { scripts } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'));
  const path = [join(REPOSITORY, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  await promisify(execFile)('sh', ['-c', scripts.build], {
    cwd,
    env: { ...process.env, PATH: path },
  });
}
