import { readdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';

// An editor or git can write several files for one change.
const QUIET_MS = 100;

/** TypeScript files except specs, and folders, which have no dot in their names. */
const RELEVANT = /(?<!\.spec)\.ts$|^[^.]+$/;

/**
 * Watches folders and the folders in them, and calls `onChange` once, 100 ms after the last change.
 * Each folder has its own watcher: with the option `recursive`, Node on Linux watches each file, and
 * misses the changes of a file that an editor has replaced. A folder that is created later is watched
 * by the next call.
 * @returns a function that ends the watching
 */
export function watchFolders(folders: readonly string[], onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET_MS);
  };
  const watchers: FSWatcher[] = [];
  const add = (folder: string): void => {
    // Before the folder is listed, so that no new folder is missed.
    const watcher = watch(folder, (_, name) => {
      if (name === null || RELEVANT.test(name)) changed();
    });
    watchers.push(watcher.on('error', changed)); // the folder was deleted
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) add(join(folder, entry.name));
    }
  };
  const end = () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  try {
    folders.forEach(add);
  } catch (error) {
    end();
    throw error;
  }
  return end;
}
