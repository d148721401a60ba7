import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';

const LOGGING = join(import.meta.dirname, 'logging.ts');
const ON_FULL_DISK = '/dev/full';

(existsSync(ON_FULL_DISK) ? describe : describe.skip)(
  'A logger (on /dev/full, if it exists)',
  () => {
    it('does not end the process when its output cannot be written', () => {
      const full = openSync(ON_FULL_DISK, 'w');
      const script = `
      const { createLogger } = await import(${JSON.stringify(LOGGING)});
      const logger = createLogger('test', 'info');
      for (let i = 0; i < 3; i += 1) {
        logger.info('line');
        await new Promise((done) => setTimeout(done, 10));
      }
      console.error('still running');`;
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '--conditions=@equipmgnt/source', '--eval', script],
        { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' },
      );
      closeSync(full);
      expect(stderr).toBe('still running\n');
      expect(status).toBe(0);
    });
  },
);
