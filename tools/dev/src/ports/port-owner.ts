import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { commandLine } from '@equipmgnt/testing';

const execute = promisify(execFile);

/** The process that listens on a port. Without a pid, it is a process of another user. */
export interface PortOwner {
  readonly pid?: number;
  readonly command?: string;
}

/** Finds the process that listens on a TCP port of this machine; undefined when there is none. */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  const linux = process.platform === 'linux';
  const pid = linux ? await listenerFromProc(port) : await listenerFromLsof(port);
  if (pid === 'none') return undefined;
  if (pid === 'hidden') return {};
  const command = await commandLine(pid);
  return { pid, ...(command !== undefined && { command }) };
}

type Listener = number | 'none' | 'hidden';

// Columns of /proc/net/tcp: number, local address:port, remote, state, …, inode (the tenth).
const LISTENING = '0A';

async function listenerFromProc(port: number): Promise<Listener> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTENING && local?.endsWith(`:${hexPort}`))
    .map((columns) => `socket:[${columns[9]}]`);
  if (sockets.length === 0) return 'none';
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  for (const pid of pids) {
    if (await hasOpen(pid, sockets)) return Number(pid);
  }
  return 'hidden';
}

async function hasOpen(pid: string, targets: readonly string[]): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(() => []); // another user's process, or it has ended
  const links = await Promise.all(
    descriptors.map((descriptor) => readlink(`${folder}/${descriptor}`).catch(() => '')),
  );
  return links.some((link) => targets.includes(link));
}

async function listenerFromLsof(port: number): Promise<Listener> {
  try {
    const { stdout } = await execute('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t']);
    return Number.parseInt(stdout, 10) || 'hidden';
  } catch {
    return 'hidden'; // lsof is not installed or lacks permission
  }
}
