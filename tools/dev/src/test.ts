import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE, REPOSITORY } from '@equipmgnt/testing';

/**
 * Builds the suite and runs Jest, by default on all projects except `long`. The unit and int files
 * run in two processes, the e2e files afterwards, one at a time. The last line of the output says
 * how many tests passed and failed. Arguments are passed to Jest, for example
 * `--selectProjects unit` or `--testPathPatterns approval`.
 */
const jestArguments = process.argv.slice(2);
const selects = jestArguments.some((argument) => argument.startsWith('--selectProjects'));
const isLong = selects && jestArguments.includes('long');

const REPORTS = join(REPOSITORY, 'reports');
const REPORT = join(REPORTS, isLong ? 'jest-long.json' : 'jest.json');
const SUMMARY = join(REPORTS, isLong ? 'summary-long.txt' : 'summary.txt');
/** The logs of the services in the end-to-end tests, a folder for each file. */
const LOGS = join(REPORTS, 'logs');

const environment = {
  // `npm test` and `npm run check` use the default, which is smaller
  ...(isLong && { SIMULATION_SEEDS: '10000' }),
  ...process.env,
};

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

// A report of an earlier run must not be taken for this one's.
await Promise.all([REPORT, SUMMARY].map((old) => rm(old, { force: true })));
if (!isLong) await rm(LOGS, { recursive: true, force: true });
await mkdir(REPORTS, { recursive: true });
const exitCode = await run([
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=TimeoutNegativeWarning', // kafkajs sets timers with a negative delay
  join(REPOSITORY, 'node_modules/jest/bin/jest.js'),
  ...(selects ? [] : ['--selectProjects', 'unit', 'int', 'e2e']),
  '--maxWorkers=2',
  '--json',
  `--outputFile=${REPORT}`,
  ...jestArguments,
]);
const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
  await readFile(REPORT, 'utf8'),
);
// a file that cannot be loaded counts as one failure, because its tests are unknown
const summary = `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`;
await writeFile(SUMMARY, `${summary}\n`);
console.log(summary);
process.exitCode = exitCode;
