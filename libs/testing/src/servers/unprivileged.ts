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
 * The account for a server that refuses to run as root: the user `nobody`, which every system has.
 * Undefined when this process is not root, so the server can run as the same user.
 */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: '-u' | '-g') => Number(execFileSync('id', [flag, 'nobody']));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/**
 * Whether an account can read a file or enter a folder, including all folders above it. The check
 * runs as that account, so it covers every kind of permission.
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
 * The folder to use instead of one that an unprivileged account cannot reach, for example below
 * /root. The name is derived from the original folder, so a later start finds the same data.
 */
export function fallbackFor(directory: string): string {
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 12);
  return `/var/tmp/equipment-rental-${hash}`;
}

/**
 * Creates a fallback folder. Every user may write to /var/tmp, so a folder of another user is not
 * used.
 * @throws SetupError when it belongs to another user.
 */
export async function makeFallback(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new SetupError(
      `${folder} is needed for PostgreSQL's data, but it belongs to another user. Remove it, or ` +
        'clone the repository into a folder that every user can enter.',
    );
  }
  await chmod(folder, 0o755); // mkdir applies the umask, but the account must be able to enter
}
