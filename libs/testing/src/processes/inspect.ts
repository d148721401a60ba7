import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const LINUX = process.platform === 'linux';

/**
 * The command line of a process, read from the operating system. Undefined when there is no such
 * process or it is a zombie.
 */
export async function commandLine(pid: number): Promise<string | undefined> {
  try {
    const line = LINUX
      ? (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').join(' ')
      : (await execute('ps', ['-ww', '-o', 'args=', '-p', String(pid)])).stdout;
    return line.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The children of a process, their children, and so on. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const parents = await parentByPid();
  const family = new Set([pid]);
  // Pids wrap around, so a child can have a lower pid than its parent: repeat until none is found.
  for (let found = true; found;) {
    found = false;
    for (const [child, parent] of parents) {
      if (!family.has(parent) || family.has(child)) continue;
      family.add(child);
      found = true;
    }
  }
  family.delete(pid);
  return [...family];
}

async function parentByPid(): Promise<Map<number, number>> {
  if (!LINUX) {
    const { stdout } = await execute('ps', ['-A', '-o', 'pid=,ppid=']);
    const pairs = stdout.trim().split('\n').map(numbers);
    return new Map(pairs.map(([pid, parent]) => [pid!, parent!]));
  }
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const entries = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // "pid (name) state ppid …", where the name may contain spaces and parentheses.
      const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      return [Number(pid), Number(parent)] as const;
    }),
  );
  return new Map(entries);
}

const numbers = (line: string): number[] => line.trim().split(/\s+/).map(Number);
