import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  build,
  controlSocketIn,
  noConnections,
  REPOSITORY,
  Suite,
  waitUntil,
} from '@equipmgnt/testing';
import { listenForControl } from './control-server.ts';
import { runFromSource } from './from-source.ts';

const WITHIN_MS = 60_000;

/** The real gateway, which needs no database, in a copy of the repository. */
describe('runFromSource', () => {
  let repository: string;
  let socketFile: string;
  let suite: Suite;
  let closeControl: () => Promise<void>;
  let stopping: AbortController;
  let running: Promise<void>;
  const said: string[] = [];
  const logged: string[] = [];

  beforeAll(async () => {
    repository = await copyRepository();
    socketFile = controlSocketIn(join(repository, 'run'));
    await build(() => undefined, new AbortController().signal, repository);
    const url = 'http://127.0.0.1:1';
    suite = await Suite.start({
      infrastructure: noConnections,
      repository,
      services: { gateway: 1 },
      env: { gateway: { ORDER_URL: url, APPROVAL_URL: url, EQUIPMENT_URL: url, MIS_URL: url } },
    });
    closeControl = await listenForControl({ suite, socketFile, say: (text) => said.push(text) });
    stopping = new AbortController();
    running = run(stopping.signal);
    await restarted(0);
  });
  afterAll(async () => {
    stopping.abort();
    await running;
    await closeControl();
    await suite.stop();
    await rm(repository, { recursive: true });
  });

  const run = (signal: AbortSignal) =>
    runFromSource({
      service: 'gateway',
      repository,
      socketFile,
      signal,
      onLine: (line) => logged.push(line),
      say: (text) => said.push(text),
    });

  /** Waits until the service has started more often than `before`, and returns how often. */
  const starts = () => said.filter((text) => text.includes('runs from source')).length;
  const restarted = (before: number) =>
    waitUntil(
      async () => {
        if (starts() <= before) throw new Error(said.join('\n'));
      },
      { withinMs: WITHIN_MS },
    );

  it('runs the service at the same address instead of the suite', async () => {
    expect(suite.gateway[0].pid).toBeUndefined();
    expect((await fetch(`${suite.gateway[0].url}/actuator/health`)).status).toBe(200);
  });

  it.each([
    ['a file of the service', 'gateway/src/main.ts'],
    ['a file that an editor has replaced before', 'gateway/src/main.ts'],
    ['a library that only a library uses', 'libs/kernel/src/index.ts'],
  ])('restarts it after a change of %s', async (_, file) => {
    const before = starts();
    logged.length = 0;
    await replace(file, `console.log('changed ${before}');\n`);
    await restarted(before);
    expect(logged).toContain(`changed ${before}`);
  });

  it('notices a file in a folder that is new', async () => {
    const before = starts();
    await mkdir(join(repository, 'gateway/src/added'));
    await restarted(before);
    const again = starts();
    await writeFile(join(repository, 'gateway/src/added/file.ts'), 'export const added = 1;\n');
    await restarted(again);
  });

  it('reports a build that fails and its effect, and starts after the next change', async () => {
    const before = starts();
    const source = join(repository, 'gateway/src/added/file.ts');
    await writeFile(source, 'export const = 1;\n');
    const failed = () => said.find((text) => text.includes('build failed'));
    await waitUntil(async () => expect(failed()).toBeDefined(), { withinMs: WITHIN_MS });
    expect(failed()).toContain('npm start cannot run it either');
    await writeFile(source, 'export const added = 1;\n');
    await restarted(before);
  });

  it('rejects a second process for the same service, which changes nothing', async () => {
    const before = said.length;
    await expect(run(new AbortController().signal)).rejects.toThrow(
      'npm run dev -- gateway runs gateway, so nothing else can stop or start it',
    );
    expect(said).toHaveLength(before);
    expect((await fetch(`${suite.gateway[0].url}/actuator/health`)).status).toBe(200);
  });

  it('lets the suite run the service again when it ends', async () => {
    stopping.abort();
    await running;
    expect(suite.gateway[0].pid).toBeDefined();
    expect((await fetch(`${suite.gateway[0].url}/actuator/health`)).status).toBe(200);
    expect(said.at(-1)).toBe('npm start runs gateway again');
  });

  /** Appends text as many editors do: writes another file and renames it. */
  async function replace(file: string, text: string): Promise<void> {
    const [path, temporary] = [join(repository, file), join(repository, 'temporary')];
    await cp(path, temporary);
    await appendFile(temporary, text);
    await rename(temporary, path);
  }
});

/** The sources of what the gateway needs, and the installed packages. */
async function copyRepository(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'from-source-'));
  const sources = ['.swcrc', 'nx.json', 'package.json', 'package-lock.json', 'gateway', 'libs'];
  for (const path of sources) {
    await cp(join(REPOSITORY, path), join(copy, path), {
      recursive: true,
      filter: (from) => !/[/](client|dist|testing|node_modules)$/.test(relative(REPOSITORY, from)),
    });
  }
  const modules = join(copy, 'node_modules');
  await mkdir(join(modules, '@equipmgnt'), { recursive: true });
  for (const name of await readdir(join(REPOSITORY, 'node_modules'))) {
    if (name === '@equipmgnt') continue;
    await symlink(join(REPOSITORY, 'node_modules', name), join(modules, name));
  }
  for (const lib of await readdir(join(copy, 'libs'))) {
    await symlink(`../../libs/${lib}`, join(modules, '@equipmgnt', lib));
  }
  return copy;
}
