import { join, resolve } from 'node:path';

/** The repository's root. */
export const REPOSITORY = resolve(import.meta.dirname, '../../..');

/** The folder of this workspace. */
export const WORKSPACE = join(REPOSITORY, 'libs/testing');

/** The Node that runs this process and everything that it starts; run.mjs has chosen it. */
export const NODE = process.execPath;

/** Where downloads are kept, and everything that `npm start` leaves on disk. Ignored by git. */
export const LOCAL = join(REPOSITORY, '.local');

/** The folders of one set of servers and services. */
export interface Folders {
  /** What the servers store. */
  readonly data: string;
  /** The servers' logs. */
  readonly logs: string;
  /** What is running: pid files, the state file, the control socket. */
  readonly run: string;
}

export const foldersIn = (directory: string): Folders => ({
  data: join(directory, 'data'),
  logs: join(directory, 'logs'),
  run: join(directory, 'run'),
});
