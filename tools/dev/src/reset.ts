import { removeData, foldersIn, LOCAL, stopOrphans, SetupError } from '@equipmgnt/testing';
import { claim } from './session/lock.ts';

/** Deletes what the suite has stored, so that the next start begins anew. Downloads are kept. */
async function main(): Promise<void> {
  const { run } = foldersIn(LOCAL);
  await claim(run);
  for (const { name, pid } of await stopOrphans(run)) {
    console.log(`Stopped ${name} (pid ${pid}), left behind by an earlier run.`);
  }
  const deleted = await removeData(LOCAL);
  for (const folder of deleted) console.log(`Deleted ${folder}`);
  console.log(
    deleted.length === 0
      ? 'There was nothing to delete.'
      : 'The next start begins with empty databases and topics. Downloads were kept.',
  );
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`Nothing was deleted. ${error.message}`);
  process.exitCode = 1;
}
