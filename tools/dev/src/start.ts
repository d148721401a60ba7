import { once } from 'node:events';
import { styleText } from 'node:util';
import {
  checkJavaFor,
  foldersIn,
  LOCAL,
  stopOrphans,
  onStopRequest,
  SetupError,
} from '@equipmgnt/testing';
import { checkPorts } from './ports/check-ports.ts';
import { claim } from './session/lock.ts';
import { Session } from './session/session.ts';
import { readSettings, type Settings } from './settings.ts';

/** Starts the suite and keeps it running until it is asked to stop. Returns the exit code. */
async function main(): Promise<number> {
  const settings = readSettings(process.env);
  await checkMachine(settings);
  const session = new Session(settings);
  const stopping = new AbortController();
  let forced = false;
  onStopRequest(
    () => {
      console.log('\nStopping the services, then the servers. Ctrl-C again kills them at once.');
      stopping.abort();
    },
    () => {
      forced = true;
      session.kill();
    },
  );
  try {
    await session.bringUp(stopping.signal);
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  } catch (error) {
    // Whatever fails because it is being stopped has not failed.
    if (!stopping.signal.aborted) throw error;
  } finally {
    await session.stop();
  }
  console.log('Everything is stopped.');
  return forced ? 130 : 0;
}

/** Finds out beforehand what would fail in the middle. */
async function checkMachine({ external, wantedPorts }: Settings): Promise<void> {
  const { run } = foldersIn(LOCAL);
  await claim(run);
  for (const { name, pid } of await stopOrphans(run)) {
    console.log(`Stopped ${name} (pid ${pid}), left behind by an earlier run.`);
  }
  await checkPorts(wantedPorts);
  await checkJavaFor({ kafka: !external.kafkaBrokers, mariadb: !external.mariadbUrl });
}

try {
  process.exitCode = await main();
} catch (error) {
  const text = error instanceof SetupError ? error.message : ((error as Error).stack ?? error);
  console.error(`\n${styleText('red', 'Not started.')} ${text}`);
  process.exitCode = 1;
}
process.exit();
