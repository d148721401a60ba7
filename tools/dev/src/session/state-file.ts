import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteStatus } from '@equipmgnt/testing';

/** The content of `.local/run/suite.json`, which describes the running suite to other programs. */
export interface SuiteState extends SuiteStatus {
  /** The pid of `npm start`. */
  readonly pid: number;
  /** The addresses of the servers, by name. */
  readonly infrastructure: Readonly<Record<string, string>>;
  /** The Unix socket that takes requests such as {"command":"stop","service":"approval"}. */
  readonly controlSocket: string;
}

const fileIn = (folder: string): string => join(folder, 'suite.json');

/** Replaces the state file atomically, so that no program reads an incomplete one. */
export function writeState(folder: string, state: SuiteState): void {
  const file = fileIn(folder);
  writeFileSync(`${file}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeState(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}
