import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import { mutants } from './mutants.ts';
import { scratchCopy } from './scratch-copy.ts';

const builtFile = (file: string): string => file.replace('/src/', '/dist/').replace(/\.ts$/, '.js');

describe('A scratch build', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'mutant-')));
  });

  afterEach(() => rm(directory, { recursive: true }));

  it.each(mutants)('has $name, and the product has not', async (bug) => {
    await scratchCopy(bug, directory);
    for (const file of new Set(bug.edits.map((edit) => builtFile(edit.file)))) {
      const [scratch, product] = await Promise.all(
        [directory, REPOSITORY].map((folder) => readFile(join(folder, file), 'utf8')),
      );
      // what is only a type, such as a port's method, leaves nothing in a build
      if (!file.endsWith('/application/orders.js')) expect(scratch).not.toBe(product);
    }
  });

  it('uses its own copies of the packages, and what is installed for the rest', async () => {
    const [bug] = mutants;
    if (bug === undefined) throw new Error('there are no mutants');
    await scratchCopy(bug, directory);
    const at = (name: string) => realpath(join(directory, 'node_modules', name));
    expect(await at('@equipmgnt/messaging')).toBe(join(directory, 'libs/messaging'));
    expect(await at('kafkajs')).toBe(await realpath(join(REPOSITORY, 'node_modules/kafkajs')));
  });
});
