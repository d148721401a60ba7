import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SetupError } from '../setup-error.ts';

/**
 * Makes a folder that only this user can enter, unless it is there.
 * @throws SetupError when it belongs to somebody else, as may happen in a folder like /tmp.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  // The folders above it are not to be private: PostgreSQL's data may be next to it.
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const { uid } = await stat(folder);
  if (uid !== process.getuid?.()) {
    throw new SetupError(
      `${folder} belongs to another user (uid ${uid}). Remove it, or become it.`,
    );
  }
}
