import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SetupError } from '../setup-error.ts';

const execute = promisify(execFile);

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom a server that refuses to run as root is to run as: `nobody`, which every system has; or
 * undefined when this process is not root and the server can simply run as the same user.
 */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: '-u' | '-g') => Number(execFileSync('id', [flag, 'nobody']));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/**
 * Whether an account can read a file or enter a folder, all folders above it included. The
 * operating system is asked in the account's name, so that every kind of permission counts.
 */
export async function canReach(account: Account, path: string): Promise<boolean> {
  try {
    await execute('test', ['-r', path, '-a', '-x', path], { cwd: '/', ...account });
    return true;
  } catch {
    return false;
  }
}

/**
 * The folder to use instead of one that an unprivileged account cannot reach, for instance below
 * /root: the same each time, as the data in it are to be found again.
 */
export function fallbackFor(directory: string): string {
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 12);
  return `/var/tmp/equipment-rental-${hash}`;
}

/**
 * Makes a fallback folder. Everyone may write to /var/tmp, so one that somebody else has put
 * there is not used.
 * @throws SetupError when it belongs to somebody else.
 */
export async function makeFallback(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new SetupError(
      `${folder} is needed for PostgreSQL's data, but somebody else has made it. Remove it, or ` +
        'clone the repository into a folder that every user can enter.',
    );
  }
  await chmod(folder, 0o755); // whatever the umask: the account has to enter it
}
