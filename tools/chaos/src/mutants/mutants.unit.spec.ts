import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import { applyPatch, mutants, workspacesOf } from './mutants.ts';

const PATCH = `\
Found by nothing.

diff --git a/libs/x/src/x.ts b/libs/x/src/x.ts
--- a/libs/x/src/x.ts
+++ b/libs/x/src/x.ts
@@ -1 +1 @@
-right
+wrong
`;

describe('A mutant', () => {
  it.each(mutants)('fits the product: $name', async (mutant) => {
    await applyPatch(mutant, REPOSITORY, '--check');
    expect(workspacesOf(mutant)).not.toEqual([]);
  });

  describe('in a copy inside another Git repository', () => {
    let outer: string;
    let copy: string;
    let mutant: (typeof mutants)[number];
    const source = () => join(copy, 'libs/x/src/x.ts');

    beforeEach(() => {
      outer = realpathSync(mkdtempSync(join(tmpdir(), 'mutant-')));
      copy = join(outer, 'copy');
      mutant = { name: 'x', patch: join(outer, 'x.patch') };
      execFileSync('git', ['init', '--quiet', outer]);
      mkdirSync(join(copy, 'libs/x/src'), { recursive: true });
      writeFileSync(source(), 'right\n');
      writeFileSync(mutant.patch, PATCH);
    });

    afterEach(() => rmSync(outer, { recursive: true }));

    it('changes the sources, and back', async () => {
      await applyPatch(mutant, copy);
      expect(readFileSync(source(), 'utf8')).toBe('wrong\n');
      await applyPatch(mutant, copy, '--reverse');
      expect(readFileSync(source(), 'utf8')).toBe('right\n');
    });

    it('says which one does not fit', async () => {
      writeFileSync(source(), 'changed\n');
      await expect(applyPatch(mutant, copy, '--check')).rejects.toThrow(
        `${mutant.patch} does not fit the product`,
      );
    });
  });
});
