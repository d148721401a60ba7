import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const fileIn = (folder: string): string => join(folder, 'suite.json');

/**
 * Writes `.local/run/suite.json`, which describes the running suite to other programs. Replaces it
 * atomically, so that no program reads an incomplete one.
 */
export function writeState(folder: string, state: object): void {
  const file = fileIn(folder);
  writeFileSync(`${file}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeState(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}
