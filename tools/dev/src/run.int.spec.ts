import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';

const RUN = join(REPOSITORY, 'tools/dev/run.mjs');

const run = (...args: string[]) =>
  spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' });

/** `npm start` after a script has changed what Node says about this machine. */
const startOn = (script: string, env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, ['--import', `data:text/javascript,${script}`, RUN, 'start'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
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

  const isA = (name: string, value: string) =>
    `Object.defineProperty(process,'${name}',{value:'${value}'});`;

  it.each([
    ['no MariaDB', isA('arch', 'arm64'), /^No package contains.* linux-arm64: .*MARIADB_URL=/],
    ['no MariaDB', isA('platform', 'darwin') + isA('arch', 'x64'), / darwin-x64: .*MARIADB_URL=/],
    ['no glibc', `process.report.getReport=()=>({header:{}})`, /need glibc/],
    [
      'no permissions on files',
      `import fs from 'node:fs';import{syncBuiltinESMExports as s}from'node:module';` +
        `const{statSync:o}=fs;fs.statSync=(...a)=>Object.assign(o(...a),{mode:0o40777});s()`,
      /is on a file system without Linux permissions/,
    ],
  ])('says before the installation, in one line, that there is %s', (_, script, message) => {
    const { status, stdout, stderr } = startOn(script);
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(message)]);
    expect(stdout).toBe('');
  });

  it.each([
    ['the cache of npm', '', /^ci (?!.*--cache)/],
    [
      'a cache in this folder when that of npm is read-only',
      `import fs from 'node:fs';import{syncBuiltinESMExports as s}from'node:module';` +
        `fs.accessSync=()=>{throw new Error('EROFS')};s()`,
      /^ci .*--cache \S+\.local\/npm-cache/,
    ],
  ])('installs with %s', async (_, script, expected) => {
    const clone = await mkdtemp(join(tmpdir(), 'run-'));
    try {
      await mkdir(join(clone, 'tools/dev'), { recursive: true });
      await copyFile(RUN, join(clone, 'tools/dev/run.mjs'));
      await writeFile(join(clone, 'package.json'), '{"optionalDependencies":{}}');
      await writeFile(
        join(clone, 'npm'),
        '#!/bin/sh\necho "$* $SWC_NATIVE_BINDING_CACHE"; exit 1',
        { mode: 0o755 },
      );
      const args = ['--import', `data:text/javascript,${script}`, 'tools/dev/run.mjs', 'reset'];
      const PATH = `${clone}:${process.env['PATH']}`;
      const { stdout } = spawnSync(process.execPath, args, {
        cwd: clone,
        encoding: 'utf8',
        env: { PATH, HOME: clone },
      });
      const called = stdout.trim().split('\n').at(-1);
      expect(called).toMatch(expected);
      expect(called).toMatch(/\.local\/swc$/); // not below the home folder either
    } finally {
      await rm(clone, { recursive: true });
    }
  });
});
