import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Fills a server's data folder on first use. It is filled under another name and renamed when it
 * is complete, so that an interrupted initialisation is not taken for a complete one.
 */
export async function initialiseOnce(
  directory: string,
  fill: (directory: string) => Promise<unknown>,
): Promise<void> {
  const exists = await stat(directory).catch(() => undefined);
  if (exists) return;
  const partial = `${directory}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(partial), { recursive: true });
  await fill(partial);
  await rename(partial, directory);
}
