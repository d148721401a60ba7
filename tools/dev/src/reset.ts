import { removeData, foldersIn, LOCAL, SetupError } from '@equipmgnt/testing';
import { claimAndCleanUp } from './session/lock.ts';

/** Deletes all data of the suite, so that the next start has empty databases. Keeps downloads. */
async function main(): Promise<void> {
  await claimAndCleanUp(foldersIn(LOCAL).run);
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
