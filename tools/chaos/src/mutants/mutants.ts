import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run } from '@equipmgnt/testing';

/** A mistake that people make in systems like this one. */
export interface Mutant {
  readonly name: string;
  /** A patch of the product's sources. Its text before the first file says what shows the mistake. */
  readonly patch: string;
}

const PATCHES = join(import.meta.dirname, 'patches');

/**
 * What the proof must find. Each is applied to a scratch copy, one at a time, and never to the
 * product itself.
 */
export const mutants: readonly Mutant[] = readdirSync(PATCHES).map((file) => ({
  name: basename(file, '.patch').replaceAll('-', ' '),
  patch: join(PATCHES, file),
}));

/**
 * Runs `git apply` on a copy of the repository, which need not be a Git repository itself.
 * @param options e.g. `--reverse`, or `--check`, which changes nothing
 * @throws Error when the patch does not fit the sources any more
 */
export async function applyPatch(
  { patch }: Mutant,
  directory: string,
  ...options: string[]
): Promise<void> {
  // Git skips all files of the patch without a word when it finds a repository further up.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(directory) };
  try {
    await run('git', ['apply', ...options, patch], { cwd: directory, env });
  } catch (error) {
    throw new Error(`${patch} does not fit the product; change it`, { cause: error });
  }
}

/** The workspaces that a mutant changes, e.g. `services/order`. */
export function workspacesOf({ patch }: Mutant): string[] {
  const files = readFileSync(patch, 'utf8').matchAll(/^\+\+\+ b\/(.+)\/src\//gm);
  return [...new Set(Array.from(files, ([, workspace]) => workspace as string))];
}
