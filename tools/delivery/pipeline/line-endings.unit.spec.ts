import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';

const SHELL = /^#!.*\b(?:ba)?sh\b/;

describe('A clone with core.autocrlf=true, as on Windows', () => {
  let folder: string;
  let clone: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clone-'));
    clone = join(folder, 'clone');
    // A repository of its own: a source archive, in which the pipeline runs these tests, has none.
    const origin = join(folder, 'origin');
    const generated = /[/\\](node_modules|dist|reports|\.git|\.local|\.nx)$/;
    cpSync(REPOSITORY, origin, { recursive: true, filter: (path) => !generated.test(path) });
    const git = (...args: string[]) => execFileSync('git', args, { cwd: origin, stdio: 'ignore' });
    git('init');
    git('add', '--all');
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    git(...author, 'commit', '--no-verify', '--message', 'Test');
    git('clone', '--config', 'core.autocrlf=true', origin, clone);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

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
