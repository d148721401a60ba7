import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE, REPOSITORY } from '@equipmgnt/testing';

/**
 * Builds the suite and runs all tests one file after another, since the end-to-end ones need the
 * machine for themselves; ends with a line of what passed and failed, from Jest's own report.
 * Arguments are Jest's, such as `--selectProjects unit` or `--testPathPatterns approval`.
 */
const REPORTS = join(REPOSITORY, 'reports');
const REPORT = join(REPORTS, 'jest.json');
const SUMMARY = join(REPORTS, 'summary.txt');
/** What the services printed in each end-to-end test. */
const LOGS = join(REPORTS, 'logs');

/** All seeds of the simulation, where `npm run check` plays some; half a minute of one core. */
const environment = { SIMULATION_SEEDS: '10000', ...process.env };

const run = (args: string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(NODE, args, { cwd: REPOSITORY, stdio: 'inherit', env: environment });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });

const built = await run([
  join(REPOSITORY, 'node_modules/nx/dist/bin/nx.js'),
  'run-many',
  '-t',
  'build',
]);
if (built !== 0) process.exit(built);

// those of an earlier run must not pass for this one's; the proof keeps its own beside them
await Promise.all([REPORT, SUMMARY, LOGS].map((old) => rm(old, { recursive: true, force: true })));
await mkdir(REPORTS, { recursive: true });
const exitCode = await run([
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=TimeoutNegativeWarning', // kafkajs's, and harmless
  join(REPOSITORY, 'node_modules/jest/bin/jest.js'),
  '--runInBand',
  '--json',
  `--outputFile=${REPORT}`,
  ...process.argv.slice(2),
]);
const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
  await readFile(REPORT, 'utf8'),
);
// a file that does not even run has failed, though it has no test to count
const summary = `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`;
await writeFile(SUMMARY, `${summary}\n`);
console.log(summary);
process.exitCode = exitCode;
