import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NODE, REPOSITORY } from '@equipmgnt/testing';

describe('npm run bench -- --quick', () => {
  it('ends when all services have converged, and the invariants hold', async () => {
    const source = ['--conditions=@equipmgnt/source', 'tools/bench/src/main.ts', '--quick'];
    const { stdout } = await promisify(execFile)(NODE, source, { cwd: REPOSITORY });
    for (const part of [/^ +c=4 /m, /^open /m, /^PostgreSQL ceiling/m]) {
      expect(stdout).toMatch(part);
    }
  });
});
