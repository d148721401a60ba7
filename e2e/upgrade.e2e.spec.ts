import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScratchCopy } from '@equipmgnt/chaos';
import { breakingChanges, contractsOf } from '@equipmgnt/contract-tools';
import { buildCommit, previousVersion, REPOSITORY } from '@equipmgnt/testing';
import { rollOut } from './upgrade/roll-out.ts';

const previous = process.env['UPGRADE_FROM'] || (await previousVersion());
/** A release that renames a field of an event, which the previous version needs. */
const INCOMPATIBLE = {
  name: 'a renamed field of OrderCancelled',
  patch: join(import.meta.dirname, 'upgrade/renamed-field.patch'),
};

(previous === undefined ? describe.skip : describe)(
  'Two versions side by side (from the previous one, which Git must know)',
  () => {
    it('keep the promises to clients and consumers', async () => {
      const { directory } = await buildCommit(previous as string, () => undefined);
      const [old, next] = [await contractsOf(directory), await contractsOf(REPOSITORY)];
      if (!next) throw new Error('this version has no contracts');
      expect(old ? breakingChanges(old, next) : []).toEqual([]);
    }, 300_000);

    it('serve all requests and agree, during an upgrade and a rollback', async () => {
      const { name, directory } = await buildCommit(previous as string, () => undefined);
      const result = await rollOut({ old: directory, next: REPOSITORY }, ['next', 'old']);
      console.log([`from ${name}:`, ...result.phases].join('\n'));
      expect(result.problems).toEqual([]);
    }, 900_000);
  },
);

describe('The roll-out test', () => {
  it(`finds ${INCOMPATIBLE.name}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'incompatible-'));
    try {
      const copy = await ScratchCopy.make(directory);
      await copy.apply(INCOMPATIBLE);
      const result = await rollOut({ old: REPOSITORY, next: directory }, ['next']);
      expect(result.problems.join('\n')).toContain('"type":"equipmgnt.OrderCancelled.v1"');
    } finally {
      await rm(directory, { recursive: true });
    }
  }, 600_000);
});
