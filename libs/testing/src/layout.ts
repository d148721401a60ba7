import { join, resolve } from 'node:path';

/** The repository's root. */
export const REPOSITORY = resolve(import.meta.dirname, '../../..');

/** The folder of this package. */
export const WORKSPACE = join(REPOSITORY, 'libs/testing');

/** The Node executable of this process, used for all child processes; run.mjs selects it. */
export const NODE = process.execPath;

/** The folder for downloads and for all data of `npm start`. Ignored by git. */
export const LOCAL = join(REPOSITORY, '.local');

/** The folders of one set of servers and services. */
export interface Folders {
  /** The data of the servers. */
  readonly data: string;
  /** The logs of the servers. */
  readonly logs: string;
  /** The pid files, the state file and the control socket of running processes. */
  readonly run: string;
}

export const foldersIn = (directory: string): Folders => ({
  data: join(directory, 'data'),
  logs: join(directory, 'logs'),
  run: join(directory, 'run'),
});
