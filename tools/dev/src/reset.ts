import { removeData, foldersIn, LOCAL, stopOrphans, SetupError } from '@equipmgnt/testing';
import { claim } from './session/lock.ts';

/** Deletes all data of the suite, so that the next start has empty databases. Keeps downloads. */
async function main(): Promise<void> {
  const { run } = foldersIn(LOCAL);
  await claim(run);
  for (const { name, pid } of await stopOrphans(run)) {
    console.log(`Stopped ${name} (pid ${pid}), an orphan of an earlier run.`);
  }
  const deleted = await removeData(LOCAL);
  for (const folder of deleted) console.log(`Deleted ${folder}`);
  console.log(
    deleted.length === 0
      ? 'There was no data to delete.'
      : 'The next start has empty databases and topics. Downloads were kept.',
  );
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`Nothing was deleted. ${error.message}`);
  process.exitCode = 1;
}
