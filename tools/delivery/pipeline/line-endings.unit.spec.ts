import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';

const SHELL = /^#!.*\b(?:ba)?sh\b/;

describe('A clone with core.autocrlf=true, as on Windows', () => {
  let clone: string;

  beforeAll(() => {
    clone = mkdtempSync(join(tmpdir(), 'clone-'));
    const options = ['--quiet', '--no-local', '--depth=1', '--config', 'core.autocrlf=true'];
    execFileSync('git', ['clone', ...options, `file://${REPOSITORY}`, clone]);
  });
  afterAll(() => rmSync(clone, { recursive: true }));

  const scripts = () =>
    execFileSync('git', ['ls-files', '-s'], { cwd: clone, encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.startsWith('100')) // files, not symbolic links
      .map((line) => line.slice(line.indexOf('\t') + 1))
      .filter((file) => {
        const text = readFileSync(join(clone, file), 'utf8');
        return file.endsWith('.sh') || SHELL.test(text);
      });

  it('has scripts that bash can parse', () => {
    expect(scripts()).toContain('tools/delivery/pipeline/roll-out.sh');
    for (const script of scripts()) execFileSync('bash', ['-n', script], { cwd: clone });
  });

  it('has no carriage return in a script', () => {
    const wrong = scripts().filter((file) => readFileSync(join(clone, file)).includes('\r'));
    expect(wrong).toEqual([]);
  });
});
