import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { siege, SiegeHung } from './siege.ts';

describe('Siege that prints no figures', () => {
  let folder: string;

  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'siege-test-'))));
  afterEach(() => rm(folder, { recursive: true }));

  /** timeout ends with the exit code of the program, and with 124 or 137 if it has to end it. */
  const siegeThat = async (ends: string) => {
    const program = join(folder, 'siege');
    await writeFile(program, `#!/bin/sh\necho 'Lifting the server siege...'\n${ends}`);
    await chmod(program, 0o755);
    const run = { program, users: 1, seconds: 1, url: 'http://127.0.0.1:1', body: '{}' };
    return siege(run).catch((error: unknown) => error);
  };

  it.each(['exit 124', 'exit 137'])('hung if timeout had to end it: %s', async (ends) => {
    expect(await siegeThat(ends)).toBeInstanceOf(SiegeHung);
  });

  it('failed otherwise, and its last lines say why', async () => {
    const error = await siegeThat('exit 1');
    expect(error).not.toBeInstanceOf(SiegeHung);
    expect(String(error)).toMatch(/siege failed.*Lifting the server siege/s);
  });
});
