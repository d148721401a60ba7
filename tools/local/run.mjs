// Runs a command of this workspace under the repository's own Node, after making sure that the
// dependencies are installed. This file itself has to do with the machine's Node and no packages.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;

const COMMANDS = {
  start: 'starts the suite and all it needs on this machine',
  reset: 'deletes what the suite has stored on this machine',
  scenario: 'plays through what the suite can do, against the running one',
  test: 'runs all tests, those on real servers included',
};

const WORKSPACE = dirname(fileURLToPath(import.meta.url));
const REPOSITORY = dirname(dirname(WORKSPACE));
const MODULES = join(REPOSITORY, 'node_modules');
const PROGRAMS = join(MODULES, '.bin');
const NODE = join(MODULES, 'node/bin/node');

main(process.argv.slice(2)).then(
  (exitCode) => (process.exitCode = exitCode),
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);

async function main([command, ...args]) {
  checkMachine();
  checkCommand(command);
  await installDependencies();
  const script = join(WORKSPACE, 'src', `${command}.ts`);
  // kafkajs sets timers that are due already, which Node remarks upon.
  const flags = ['--disable-warning=TimeoutNegativeWarning'];
  return run(NODE, [...flags, script, ...args], [PROGRAMS, ...machinePath()]);
}

function checkMachine() {
  if (process.platform === 'win32') {
    throw new Error('Windows is supported by way of WSL only: run this inside of it.');
  }
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    throw new Error(
      `Node ${OLDEST_NODE} or newer is needed, but ${process.execPath} is ${process.version}. ` +
        'Install a current one: https://nodejs.org/en/download',
    );
  }
}

function checkCommand(command) {
  if (Object.keys(COMMANDS).includes(command)) return;
  const wrong = command === undefined ? 'Which command?' : `There is no command "${command}".`;
  const known = Object.entries(COMMANDS).map(([name, does]) => `  ${name.padEnd(9)} ${does}`);
  throw new Error(`${wrong} There are:\n${known.join('\n')}`);
}

async function installDependencies() {
  const reason = reasonToInstall();
  if (reason !== undefined) {
    console.log(`Installing dependencies: ${reason}. This takes a minute or two.`);
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
    const exitCode = await run('npm', args, machinePath());
    if (exitCode !== 0) {
      throw new Error(`npm ci failed with exit code ${exitCode}; its reasons are above.`);
    }
  }
  if (!existsSync(NODE)) {
    throw new Error(
      `${NODE} is missing: npm did not run install scripts. Allow them ` +
        '(npm config set ignore-scripts false), then: npm ci',
    );
  }
}

/** Compares package-lock.json with the record that npm leaves of what it has installed. */
function reasonToInstall() {
  const installed = packagesOf(join(MODULES, '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing or incomplete';
  const wanted = packagesOf(join(REPOSITORY, 'package-lock.json')) || {};
  const outdated = Object.keys(wanted).find((path) => {
    if (path === '') return false; // the repository itself
    const missing = installed[path] === undefined;
    if (missing) return !wanted[path].optional; // an optional one may be for other platforms
    return ['version', 'integrity'].some((key) => installed[path][key] !== wanted[path][key]);
  });
  return outdated && `${outdated} is not what package-lock.json asks for`;
}

function packagesOf(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : undefined;
}

/**
 * PATH without this repository's programs: `npm run` puts them first, and npm is about to replace
 * them.
 */
function machinePath() {
  return (process.env.PATH || '').split(delimiter).filter((folder) => folder !== PROGRAMS);
}

/**
 * Runs a program in the repository, on this terminal, and returns its exit code. Requests to stop
 * are passed on, and it is waited for: it stops in good order, and this process must not end
 * before it. Ctrl-C reaches it from the terminal as well, so it may be told twice.
 */
function run(program, args, path) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: path.join(delimiter) };
    const child = spawn(program, args, { cwd: REPOSITORY, stdio: 'inherit', env });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => child.kill(signal));
    }
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code === null ? 128 + constants.signals[signal] : code);
    });
  });
}
