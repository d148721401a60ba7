import { join } from 'node:path';
import { NODE, run } from '@equipmgnt/testing';
import type { Contracts } from './documents.ts';

export { breakingChanges } from './compare.ts';
export type { Contracts } from './documents.ts';

/** The contracts of a built version, read in a process of its own; nothing if it has none yet. */
export async function contractsOf(repository: string): Promise<Contracts | undefined> {
  const main = join(import.meta.dirname, 'main.ts');
  const printed = await run(NODE, [main, 'print', repository], { cwd: repository });
  return (JSON.parse(printed) as Contracts | null) ?? undefined;
}
