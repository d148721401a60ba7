import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePorts, LOCAL, REPOSITORY, run } from '@equipmgnt/testing';

/** The supported major versions of npm, each with a Node version that it runs on. */
const TOOLCHAINS = [
  { npm: 10, node: 20 },
  { npm: 11, node: 22 },
  { npm: 12, node: 26 },
];

/** Starts the suite in a clone of the last commit, as on a new machine. */
describe('The first start in a fresh clone', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'first-start-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(TOOLCHAINS)('installs and runs with npm $npm and Node $node', async (toolchain) => {
    const programs = await install(toolchain, join(folder, `npm-${toolchain.npm}`));
    const clone = await cloneTo(join(folder, `clone-${toolchain.npm}`));
    const { output, answer } = await startAndRegister(clone, programs);
    expect(answer).toEqual({ status: 201, stock: 10 });
    expect(output).not.toMatch(/install.scripts|allow-?scripts/i);
  });

  it('installs and runs with ignore-scripts and NODE_ENV=production', async () => {
    const programs = await install({ npm: 11, node: 22 }, join(folder, 'npm-strict'));
    const clone = await cloneTo(join(folder, 'clone-strict'));
    const { answer } = await startAndRegister(clone, programs, {
      npm_config_ignore_scripts: 'true',
      NODE_ENV: 'production',
    });
    expect(answer).toEqual({ status: 201, stock: 10 });
  });
});

/** Installs npm and Node from their packages. Returns the folder with the executables. */
async function install(toolchain: { npm: number; node: number }, target: string): Promise<string> {
  await mkdir(target);
  await writeFile(join(target, 'package.json'), '{"private":true}');
  const node = `node-${process.platform}-${process.arch}@${toolchain.node}`;
  const packages = [`npm@${toolchain.npm}`, node];
  await run('npm', ['install', '--no-audit', '--no-fund', ...packages], {
    cwd: target,
    env: environment([]),
  });
  return join(target, 'node_modules/.bin');
}

/** Clones the last commit and links the Maven downloads, which do not depend on npm. */
async function cloneTo(target: string): Promise<string> {
  await run('git', ['clone', '--quiet', REPOSITORY, target], { cwd: REPOSITORY });
  await mkdir(join(target, '.local'));
  const downloads = (await readdir(LOCAL)).filter((name) => /^(kafka|mariadb)-[\d.]+$/.test(name));
  for (const name of downloads) await symlink(join(LOCAL, name), join(target, '.local', name));
  return target;
}

/** Runs `npm start`, registers equipment when the suite is up, and stops it. */
async function startAndRegister(clone: string, programs: string, more: NodeJS.ProcessEnv = {}) {
  const ports = await freePorts(9);
  const names = ['GATEWAY', 'ORDER', 'APPROVAL', 'EQUIPMENT', 'MIS', 'POSTGRES', 'MARIADB'];
  const variables = names.map((name, index) => [`${name}_PORT`, String(ports[index])]);
  const npm = spawn('npm', ['start'], {
    cwd: clone,
    env: {
      ...environment([programs]),
      ...Object.fromEntries(variables),
      KAFKA_PORT: String(ports[7]),
      ...more,
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(npm, 'exit');
  const lines: string[] = [];
  try {
    const up = Promise.withResolvers<void>();
    for (const input of [npm.stdout, npm.stderr]) {
      createInterface({ input }).on('line', (line) => {
        lines.push(line);
        if (line.includes('The suite is up')) up.resolve();
      });
    }
    void ended.then(() => up.reject(new Error(`npm start ended:\n${lines.join('\n')}`)));
    await up.promise;
    const response = await fetch(`http://127.0.0.1:${ports[0]}/equipments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"stock":10}',
    });
    const { stock } = (await response.json()) as { stock: number };
    return { output: lines.join('\n'), answer: { status: response.status, stock } };
  } finally {
    if (npm.exitCode === null) process.kill(-(npm.pid as number), 'SIGINT');
    await ended;
  }
}

/** The environment without the variables of npm and Jest. */
function environment(programs: readonly string[]): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|JEST_|NODE_ENV$|NODE_OPTIONS$|FORCE_COLOR$|INIT_CWD$)/.test(name),
  );
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const own = join(REPOSITORY, 'node_modules/.bin');
  return {
    ...Object.fromEntries(kept),
    PATH: [...programs, ...path.filter((entry) => entry !== own)].join(delimiter),
  };
}
