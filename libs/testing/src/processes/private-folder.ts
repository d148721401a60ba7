import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SetupError } from '../setup-error.ts';

/**
 * Creates a folder that only this user can enter, unless it exists.
 * @throws SetupError when it belongs to another user, which is possible in a folder like /tmp.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  // The folders above it must not be private: PostgreSQL's data may be in one of them.
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const { uid } = await stat(folder);
  if (uid !== process.getuid?.()) {
    throw new SetupError(
      `${folder} belongs to another user (uid ${uid}). Remove it, or run this as that user.`,
    );
  }
}
