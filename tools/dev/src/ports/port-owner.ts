import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * The pid of the process that listens on a TCP port of this machine. Undefined when there is none, or
 * it belongs to another user.
 */
export const portOwner = (port: number): Promise<number | undefined> =>
  process.platform === 'linux' ? listenerFromProc(port) : listenerFromLsof(port);

// Columns of /proc/net/tcp: number, local address:port, remote, state, …, inode (the tenth).
const LISTENING = '0A';

async function listenerFromProc(port: number): Promise<number | undefined> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTENING && local?.endsWith(`:${hexPort}`))
    .map((columns) => `socket:[${columns[9]}]`);
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  for (const pid of sockets.length === 0 ? [] : pids) {
    if (await hasOpen(pid, sockets)) return Number(pid);
  }
  return undefined;
}

async function hasOpen(pid: string, targets: readonly string[]): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(() => []); // another user's process, or it has ended
  const links = await Promise.all(
    descriptors.map((descriptor) => readlink(`${folder}/${descriptor}`).catch(() => '')),
  );
  return links.some((link) => targets.includes(link));
}

async function listenerFromLsof(port: number): Promise<number | undefined> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'];
  // it fails when lsof is not installed or lacks permission
  const { stdout } = await execute('lsof', args).catch(() => ({ stdout: '' }));
  return Number.parseInt(stdout, 10) || undefined;
}
