import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import { mutants } from './mutants.ts';
import { edited } from './scratch-copy.ts';

describe('A mutant', () => {
  it.each(mutants)('fits the product: $name', async (bug) => {
    const texts = new Map<string, string>();
    for (const edit of bug.edits) {
      const before = texts.get(edit.file) ?? (await readFile(join(REPOSITORY, edit.file), 'utf8'));
      const after = edited(before, edit, bug);
      expect(after).not.toBe(before);
      texts.set(edit.file, after);
    }
  });

  it.each(['', 'find me, and find me'])('says so when it does not fit %j', (text) => {
    const [bug] = mutants;
    if (bug === undefined) throw new Error('there are no mutants');
    const edit = { file: 'libs/x.ts', find: 'find me', replace: '' };
    expect(() => edited(text, edit, bug)).toThrow(
      /^The mutant "no duplicate check" does not fit libs\/x\.ts any more/,
    );
  });
});
