import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { waitUntil } from '../wait-until.ts';
import { commandLine } from './inspect.ts';
import { makePrivateFolder } from './private-folder.ts';

/** A process. Its command line distinguishes it from a later process with the same pid. */
export interface PidRecord {
  readonly name: string;
  readonly pid: number;
  readonly command: string;
  readonly stopSignal: NodeJS.Signals;
  readonly stopWithinMs: number;
}

const SUFFIX = '.pid';

export const pidFileIn = (directory: string, name: string): string =>
  join(directory, `${name}${SUFFIX}`);

export async function writePidFile(
  file: string,
  running: Omit<PidRecord, 'command'>,
): Promise<void> {
  const command = await commandLine(running.pid);
  if (command === undefined) return; // it has already ended
  await makePrivateFolder(dirname(file));
  await writeFile(file, JSON.stringify({ ...running, command } satisfies PidRecord));
}

/** Whether a process with the recorded pid and command line exists. */
export const isRunning = async (record: Pick<PidRecord, 'pid' | 'command'>): Promise<boolean> =>
  (await commandLine(record.pid)) === record.command;

/**
 * Stops the processes of an earlier run by the pid files in a directory, and removes the files.
 * A process with a recorded pid but another command line is not stopped.
 * @returns the processes that were stopped.
 */
export async function stopOrphans(directory: string): Promise<PidRecord[]> {
  const files = (await entriesOf(directory)).filter((entry) => entry.endsWith(SUFFIX));
  const stopped = await Promise.all(
    files.map(async (name) => {
      const file = join(directory, name);
      const record = await readRecord(file);
      const wasRunning = record !== undefined && (await isRunning(record));
      if (wasRunning) await stopRecorded(record);
      await rm(file, { force: true });
      return wasRunning ? [record] : [];
    }),
  );
  return stopped.flat();
}

const entriesOf = (directory: string): Promise<string[]> =>
  readdir(directory).catch(() => [] as string[]);

async function readRecord(file: string): Promise<PidRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as PidRecord;
  } catch {
    return undefined; // incomplete because of a crash
  }
}

async function stopRecorded(record: PidRecord): Promise<void> {
  const gone = async () => {
    if (await isRunning(record))
      throw new Error(`${record.name} (pid ${record.pid}) is still running`);
  };
  process.kill(record.pid, record.stopSignal);
  try {
    await waitUntil(gone, { withinMs: record.stopWithinMs });
  } catch {
    if (await isRunning(record)) process.kill(record.pid, 'SIGKILL');
    await waitUntil(gone, { withinMs: record.stopWithinMs });
  }
}
