import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claim } from './lock.ts';

const LOCK = new URL('./lock.ts', import.meta.url).href;

import.meta.jest.setTimeout(60_000); // many processes on few cores

describe('claim', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Another process that claims the folder and stays. */
  const otherProcess = async () => {
    const script = `
      import { claim } from '${LOCK}';
      await claim(${JSON.stringify(folder)});
      console.log('claimed');
      setInterval(() => {}, 1e6);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(child.stdout, 'data');
    return child;
  };

  it('rejects with the pid while another process has the folder', async () => {
    const other = await otherProcess();
    await expect(claim(folder)).rejects.toThrow(`pid ${other.pid}`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    await claim(folder);
  });

  it('can be repeated by the same process', async () => {
    await claim(folder);
    await claim(folder);
  });
});
