import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitUntil } from '../wait-until.ts';
import { commandLine } from './inspect.ts';
import { ManagedProcess, type ProcessDefinition } from './managed-process.ts';

const DETACHED = new URL('./detached.ts', import.meta.url).href;

import.meta.jest.setTimeout(60_000); // many processes on few cores

describe('ManagedProcess', () => {
  const started: ManagedProcess[] = [];
  afterEach(() => Promise.all(started.splice(0).map((process) => process.kill())));

  /** A process that runs a script and is ready after its first line of output. */
  const running = (script: string, changes: Partial<ProcessDefinition> = {}) => {
    const lines: string[] = [];
    const managed = new ManagedProcess({
      name: 'sample',
      command: () => ({
        executable: process.execPath,
        args: ['-e', `${script}; setInterval(() => {}, 1e6)`],
        cwd: '/',
      }),
      output: { onLine: (line) => lines.push(line) },
      probe: async () => {
        if (lines.length === 0) throw new Error('no output yet');
      },
      readyWithinMs: 10_000,
      stopSignal: 'SIGTERM',
      stopWithinMs: 300,
      tail: () => lines.join('\n'),
      ...changes,
    });
    started.push(managed);
    return managed;
  };

  it('waits until it is ready, and can be started again after a stop', async () => {
    const sample = running('console.log("up")');
    await sample.start();
    const first = sample.pid;
    expect(await sample.stop()).toBe('stopped');
    expect(sample.pid).toBeUndefined();
    await sample.start();
    expect(sample.pid).not.toBe(first);
  });

  it('is killed when it does not stop in time', async () => {
    const sample = running('process.on("SIGTERM", () => {}); console.log("up")');
    await sample.start();
    expect(await sample.stop()).toBe('killed');
    expect(sample.pid).toBeUndefined();
  });

  it('kills its child processes too', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true });
      console.log(child.pid)`;
    let child = NaN;
    const onLine = (line: string) => (child = Number(line));
    const probe = async () => {
      if ((await commandLine(child)) === undefined) throw new Error('no child yet');
    };
    const sample = running(script, { output: { onLine }, probe });
    await sample.start();
    await sample.kill();
    expect(await commandLine(child)).toBeUndefined();
  });

  it('rejects the start with the end of the log when the process exits', async () => {
    const sample = running('throw new Error("no port given")', { probe: () => Promise.reject() });
    await expect(sample.start()).rejects.toThrow(/sample did not start: .*exit code 1[^]*no port/);
  });

  it('rejects the start when the process is not ready in time', async () => {
    const probe = () => Promise.reject(new Error('still loading'));
    const sample = running('console.log("up")', { probe, readyWithinMs: 100 });
    await expect(sample.start()).rejects.toThrow('not ready after 0.1 s (still loading)');
  });

  it('aborts a start when it is stopped in the meantime', async () => {
    const sample = running('', { probe: () => Promise.reject(new Error('never')) });
    const start = expect(sample.start()).rejects.toThrow('sample is being stopped');
    await sample.stop();
    await start;
    expect(sample.pid).toBeUndefined();
  });

  it('reports an unexpected exit, and no requested one', async () => {
    const sample = running('console.log("up")');
    const exits: unknown[] = [];
    sample.onUnexpectedExit((exit) => exits.push(exit));
    await sample.start();
    await sample.kill();
    await sample.start();
    process.kill(sample.pid!, 'SIGKILL');
    await waitUntil(async () => expect(exits).not.toEqual([]), { withinMs: 5000 });
    expect(exits).toEqual([expect.objectContaining({ signal: 'SIGKILL' })]);
  });

  it.each([
    ['stops on SIGTERM', ''],
    ['ignores SIGTERM', 'process.on("SIGTERM", () => {});'],
  ])('does not outlive an owner that is killed, when it %s', async (_, onSigterm) => {
    const script = `
      import { DetachedProcess } from '${DETACHED}';
      const args = ['-e', '${onSigterm} setInterval(() => {}, 1e6); console.log("up")'];
      const command = { executable: process.execPath, args, cwd: '/' };
      const onLine = () => console.log(child.pid);
      const policy = { stopSignal: 'SIGTERM', stopWithinMs: 1000 };
      const child = await DetachedProcess.spawn('x', command, { onLine }, policy);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const [printed] = await once(owner.stdout, 'data');
    const pid = Number(String(printed));
    expect(await commandLine(pid)).toBeDefined();
    owner.kill('SIGKILL');
    await waitUntil(async () => expect(await commandLine(pid)).toBeUndefined(), {
      withinMs: 10_000,
    });
  });
});
