import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE, REPOSITORY, run } from '@equipmgnt/testing';
import { applyPatch, workspacesOf, type Mutant } from './mutants.ts';

const SCOPE = '@equipmgnt';

/** A copy of the built product, in which a mutant replaces what it changes. */
export class ScratchCopy {
  /** For the option `repository` of `Suite.start`. */
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Copies the product as it is built, so build it first.
   * @param directory an empty one, which is the caller's to remove
   */
  static async make(directory: string): Promise<ScratchCopy> {
    const copied = ['.swcrc', 'gateway', 'libs', 'services'].map((path) =>
      cp(join(REPOSITORY, path), join(directory, path), { recursive: true }),
    );
    await Promise.all([...copied, linkModules(directory)]);
    return new ScratchCopy(directory);
  }

  /** Applies a mutant, and builds the workspaces that it changes. @throws Error when it does not fit */
  async apply(mutant: Mutant): Promise<void> {
    await applyPatch(mutant, this.directory);
    for (const workspace of workspacesOf(mutant)) {
      await run(NODE, ['--run', 'build'], { cwd: join(this.directory, workspace) });
    }
  }

  async revert(mutant: Mutant): Promise<void> {
    await applyPatch(mutant, this.directory, '--reverse');
    for (const workspace of workspacesOf(mutant)) {
      const built = join(workspace, 'dist');
      await rm(join(this.directory, built), { recursive: true });
      await cp(join(REPOSITORY, built), join(this.directory, built), { recursive: true });
    }
  }
}

/**
 * Links everything that is installed. npm's links to the product's own packages are relative: copied
 * as they are, they lead to the copies.
 */
async function linkModules(directory: string): Promise<void> {
  const [from, to] = [join(REPOSITORY, 'node_modules'), join(directory, 'node_modules')];
  await mkdir(to, { recursive: true });
  await cp(join(from, SCOPE), join(to, SCOPE), { recursive: true, verbatimSymlinks: true });
  const others = (await readdir(from)).filter((name) => name !== SCOPE);
  await Promise.all(others.map((name) => symlink(join(from, name), join(to, name))));
}
