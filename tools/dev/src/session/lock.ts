import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  commandLine,
  isRunning,
  makePrivateFolder,
  SetupError,
  stopOrphans,
} from '@equipmgnt/testing';

interface Holder {
  readonly pid: number;
  readonly command: string;
}

/**
 * Locks a folder for this process until it ends. Ignores the lock of a process that has died.
 * @throws SetupError when another process has the lock.
 */
export async function claim(folder: string): Promise<void> {
  await makePrivateFolder(folder);
  const file = join(folder, 'lock.json');
  const holder = await readHolder(file);
  // In a restarted container, this process can have the pid of the one that died.
  const other = holder !== undefined && holder.pid !== process.pid;
  if (other && (await isRunning(holder))) throw alreadyRunning(holder);
  const command = (await commandLine(process.pid)) ?? '';
  await writeFile(file, JSON.stringify({ pid: process.pid, command } satisfies Holder));
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

const alreadyRunning = ({ pid, command }: Holder): SetupError =>
  new SetupError(
    `The suite of this repository is already running: pid ${pid}, ${command}\n` +
      `Stop it first: Ctrl-C in its terminal, or kill ${pid}`,
  );

/** Locks the folder, and stops what an earlier run has left. */
export async function claimAndCleanUp(folder: string): Promise<void> {
  await claim(folder);
  for (const { name, pid } of await stopOrphans(folder)) {
    console.log(`Stopped ${name} (pid ${pid}), an orphan of an earlier run.`);
  }
}
