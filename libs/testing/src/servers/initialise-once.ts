import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Initialises the data folder of a server on first use: it does not exist or is empty. The folder gets its final name when it is
 * complete, so an interrupted initialisation is never used.
 */
export async function initialiseOnce(
  directory: string,
  fill: (directory: string) => Promise<unknown>,
): Promise<void> {
  const entries = await readdir(directory).catch(() => []);
  if (entries.length > 0) return;
  const partial = `${directory}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(partial), { recursive: true });
  await fill(partial);
  await rename(partial, directory);
}
