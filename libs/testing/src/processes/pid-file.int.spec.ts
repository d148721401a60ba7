import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from './inspect.ts';
import { pidFileIn, stopOrphans, writePidFile } from './pid-file.ts';

import.meta.jest.setTimeout(60_000); // many processes on few cores

describe('stopOrphans', () => {
  const policy = { stopSignal: 'SIGTERM', stopWithinMs: 300 } as const;
  let folder: string;
  let child: ChildProcess;

  const start = async (script: string) => {
    child = spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1e6); console.log()`]);
    await once(child.stdout!, 'data');
    return child.pid!;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pid-files-'));
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  it('stops a process of an earlier run', async () => {
    const pid = await start('');
    await writePidFile(pidFileIn(folder, 'order'), { name: 'order', pid, ...policy });
    const ended = once(child, 'exit');
    expect(await stopOrphans(folder)).toEqual([expect.objectContaining({ name: 'order', pid })]);
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('kills a process that ignores the stop signal', async () => {
    const pid = await start('process.on("SIGTERM", () => {})');
    await writePidFile(pidFileIn(folder, 'order'), { name: 'order', pid, ...policy });
    const ended = once(child, 'exit');
    await stopOrphans(folder);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('does not stop another process with the recorded pid', async () => {
    const pid = await start('');
    const record = { name: 'order', pid, command: 'node services/order/dist/main.js', ...policy };
    await writeFile(pidFileIn(folder, 'order'), JSON.stringify(record));
    expect(await stopOrphans(folder)).toEqual([]);
    expect(await commandLine(pid)).toContain(process.execPath);
    expect(await readdir(folder)).toEqual([]);
  });

  it('ignores an incomplete pid file', async () => {
    await writeFile(pidFileIn(folder, 'order'), '{"name":"ord');
    expect(await stopOrphans(folder)).toEqual([]);
  });

  it('returns nothing when the folder does not exist', async () => {
    expect(await stopOrphans(join(folder, 'none'))).toEqual([]);
  });
});
