import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';

const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(REPOSITORY, 'tools/dev/run.mjs'), ...args], {
    encoding: 'utf8',
  });

describe('run.mjs', () => {
  it.each([[[]], [['strat']]])('lists the commands when it is given %j', (args) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(1);
    for (const command of ['start', 'reset', 'scenario', 'test']) expect(stderr).toContain(command);
    expect(stderr).not.toContain('    at ');
  });
});
