import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from './inspect.ts';
import { pidFileIn, stopLeftovers, writePidFile } from './pid-file.ts';

import.meta.jest.setTimeout(60_000); // many processes on few cores

describe('stopLeftovers', () => {
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

  it('stops a process that an earlier run noted', async () => {
    const pid = await start('');
    await writePidFile(pidFileIn(folder, 'order'), { name: 'order', pid, ...policy });
    const ended = once(child, 'exit');
    expect(await stopLeftovers(folder)).toEqual([expect.objectContaining({ name: 'order', pid })]);
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('kills one that does not stop', async () => {
    const pid = await start('process.on("SIGTERM", () => {})');
    await writePidFile(pidFileIn(folder, 'order'), { name: 'order', pid, ...policy });
    const ended = once(child, 'exit');
    await stopLeftovers(folder);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('leaves alone another process that has got the noted pid', async () => {
    const pid = await start('');
    const record = { name: 'order', pid, command: 'node services/order/dist/main.js', ...policy };
    await writeFile(pidFileIn(folder, 'order'), JSON.stringify(record));
    expect(await stopLeftovers(folder)).toEqual([]);
    expect(await commandLine(pid)).toContain(process.execPath);
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes a file that was cut short for no file', async () => {
    await writeFile(pidFileIn(folder, 'order'), '{"name":"ord');
    expect(await stopLeftovers(folder)).toEqual([]);
  });

  it('finds nothing where there is no folder', async () => {
    expect(await stopLeftovers(join(folder, 'none'))).toEqual([]);
  });
});
