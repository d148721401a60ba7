import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import { mutants, type Mutant } from './mutants.ts';
import { ScratchCopy } from './scratch-copy.ts';

/** The files that are built from those that a mutant changes. */
async function builtFiles({ patch }: Mutant): Promise<string[]> {
  const files = (await readFile(patch, 'utf8')).matchAll(/^\+\+\+ b\/(.+)\.ts$/gm);
  return (
    Array.from(files, ([, file = '']) => `${file.replace('/src/', '/dist/')}.js`)
      // what is only a type, such as a port's method, leaves nothing in a build
      .filter((file) => !file.endsWith('/application/orders.js'))
  );
}

describe('A scratch copy', () => {
  let directory: string;
  let scratch: ScratchCopy;

  beforeAll(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'mutant-')));
    scratch = await ScratchCopy.make(directory);
  });

  afterAll(() => rm(directory, { recursive: true }));

  const same = async (file: string) => {
    const [built, product] = await Promise.all(
      [directory, REPOSITORY].map((folder) => readFile(join(folder, file), 'utf8')),
    );
    return built === product;
  };

  it.each(mutants)('has $name until it is reverted', async (mutant) => {
    const files = await builtFiles(mutant);
    await scratch.apply(mutant);
    expect(await Promise.all(files.map(same))).toEqual(files.map(() => false));
    await scratch.revert(mutant);
    expect(await Promise.all(files.map(same))).toEqual(files.map(() => true));
  });

  it('uses its own copies of the packages, and what is installed for the rest', async () => {
    const at = (name: string) => realpath(join(directory, 'node_modules', name));
    expect(await at('@equipmgnt/messaging')).toBe(join(directory, 'libs/messaging'));
    expect(await at('kafkajs')).toBe(await realpath(join(REPOSITORY, 'node_modules/kafkajs')));
  });
});
