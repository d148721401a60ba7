import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU time in /proc in this unit, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;

/** The numbers of one process in /proc/<pid>/stat. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** CPU time of the process and of its children that have ended, in µs. */
  readonly cpuUs: number;
}

/** @param stat the text of /proc/<pid>/stat */
export function parseStat(stat: string): ProcessStat {
  // "pid (name) state ppid …", where the name may contain spaces and parentheses
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const cpuUs = ((utime + stime + cutime + cstime) / TICKS_PER_SECOND) * 1e6;
  return { pid: Number.parseInt(stat, 10), parent: Number(fields[1]), cpuUs };
}

/** The CPU time in µs of each process together with all its descendants, by the name given. */
export async function cpuOf(
  roots: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  const family = await families();
  const { user, system } = process.cpuUsage();
  const used = Object.entries(roots).map(([name, pid]) => {
    const sum = family(pid).reduce((total, { cpuUs }) => total + cpuUs, 0);
    return [name, sum] as const;
  });
  return { ...Object.fromEntries(used), client: user + system };
}

/** The memory in MiB of each process and its descendants; a page that several share is divided. */
export async function memoryOf(
  roots: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  const family = await families();
  const used = Object.entries(roots).map(async ([name, pid]) => {
    const each = await Promise.all(family(pid).map((member) => pssOf(member.pid)));
    return [name, each.reduce((total, kib) => total + kib, 0) / 1024] as const;
  });
  return Object.fromEntries(await Promise.all(used));
}

async function pssOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
}

async function families(): Promise<(root: number) => ProcessStat[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const texts = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
  );
  const stats = texts.filter((text) => text !== '').map(parseStat);
  const children = Map.groupBy(stats, ({ parent }) => parent);
  const members = (pid: number): ProcessStat[] => [
    ...stats.filter((stat) => stat.pid === pid),
    ...(children.get(pid) ?? []).flatMap((child) => members(child.pid)),
  ];
  return members;
}
