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
    for (const command of ['start', 'dev', 'reset', 'scenario', 'test'])
      expect(stderr).toContain(command);
    expect(stderr).not.toContain('    at ');
  });

  it.each([[[]], [['ordr']]])('names the services when dev is given %j', (args) => {
    const { status, stderr } = run('dev', ...args);
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('gateway, order, approval, equipment, mis'),
    ]);
  });
});
