import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteStatus } from '@equipmgnt/testing';

/** What other programs can learn about the running suite from `.local/run/suite.json`. */
export interface SuiteState extends SuiteStatus {
  /** The process of `npm start`. */
  readonly pid: number;
  /** Where the servers are. */
  readonly infrastructure: Readonly<Record<string, string>>;
  /** The Unix socket that takes requests such as {"command":"stop","service":"approval"}. */
  readonly controlSocket: string;
}

const fileIn = (folder: string): string => join(folder, 'suite.json');

/** Replaces the state file in one step, so that nobody reads half of it. */
export function writeState(folder: string, state: SuiteState): void {
  const file = fileIn(folder);
  writeFileSync(`${file}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeState(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}
