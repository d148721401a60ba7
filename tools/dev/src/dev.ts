import { styleText } from 'node:util';
import {
  controlSocketIn,
  foldersIn,
  LOCAL,
  messageOf,
  onStopRequest,
  pidFileIn,
  REPOSITORY,
  SERVICES,
  SetupError,
} from '@equipmgnt/testing';
import { printLog, say } from './session/print.ts';
import { runFromSource } from './session/from-source.ts';

/** Runs one service of the suite that `npm start` runs from its sources, until Ctrl-C. */
async function main([name, ...others]: readonly string[]): Promise<void> {
  const service = SERVICES.find((known) => known === name);
  if (service === undefined || others.length > 0) {
    throw new SetupError(
      `Expected one service (${SERVICES.join(', ')}), for example: npm run dev -- order`,
    );
  }
  const stopping = new AbortController();
  onStopRequest(
    () => stopping.abort(),
    () => process.exit(130), // its guard then stops the service
  );
  const { run } = foldersIn(LOCAL);
  await runFromSource({
    service,
    repository: REPOSITORY,
    socketFile: controlSocketIn(run),
    pidFile: pidFileIn(run, service),
    signal: stopping.signal,
    onLine: (line) => printLog({ service, name: service }, line),
    say,
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`${styleText('red', '✗')} ${messageOf(error)}`);
  process.exitCode = 1;
}
process.exit();
