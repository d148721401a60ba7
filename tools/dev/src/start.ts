import { once } from 'node:events';
import { styleText } from 'node:util';
import { checkJavaFor, foldersIn, LOCAL, onStopRequest, SetupError } from '@equipmgnt/testing';
import { checkPorts } from './ports/check-ports.ts';
import { claimAndCleanUp } from './session/lock.ts';
import { Session } from './session/session.ts';
import { readSettings, type Settings } from './settings.ts';

/** Starts the suite and runs it until a request to stop. Returns the exit code. */
async function main(): Promise<number> {
  const settings = readSettings(process.env, process.argv.slice(2));
  await checkMachine(settings);
  const session = new Session(settings);
  const stopping = new AbortController();
  let forced = false;
  onStopRequest(
    () => {
      console.log(
        '\nStopping the services, then the servers. Press Ctrl-C again to kill them immediately.',
      );
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
    // During a stop, an error is only a consequence of the stop.
    if (!stopping.signal.aborted) throw error;
  } finally {
    await session.stop();
  }
  console.log('All processes are stopped.');
  return forced ? 130 : 0;
}

/** Checks the requirements before the first process is started. */
async function checkMachine({ external, observers, wantedPorts }: Settings): Promise<void> {
  await claimAndCleanUp(foldersIn(LOCAL).run);
  await checkPorts(wantedPorts);
  await checkJavaFor({
    kafka: !external.kafkaBrokers || observers !== undefined,
    mariadb: !external.mariadbUrl,
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  const text = error instanceof SetupError ? error.message : ((error as Error).stack ?? error);
  console.error(`\n${styleText('red', 'The suite was not started.')} ${text}`);
  process.exitCode = 1;
}
process.exit();
