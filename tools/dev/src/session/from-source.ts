import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  build,
  ControlConnection,
  describeExit,
  messageOf,
  ServiceProcess,
  SetupError,
  type ServiceName,
} from '@equipmgnt/testing';
import { watchFolders } from './watch.ts';

export interface FromSourceOptions {
  readonly service: ServiceName;
  readonly repository: string;
  /** The control socket of the running suite. */
  readonly socketFile: string;
  readonly pidFile?: string;
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** Receives each line that the service prints. */
  readonly onLine: (line: string) => void;
  /** Receives messages for the user. */
  readonly say: (text: string) => void;
}

/**
 * Runs a service of the running suite from its sources: builds it, starts it with the settings that it
 * has in the suite, and does so again after each change of its sources or of the libraries that it
 * uses. At the end, or if this process is killed, the suite starts the service again.
 * @throws SetupError when no suite is running, or another process has taken over the service.
 * @throws Error when the suite has ended, or cannot start the service again.
 */
export async function runFromSource(options: FromSourceOptions): Promise<void> {
  const { service, repository, pidFile, socketFile, signal, onLine, say } = options;
  const folders = await sourcesOf(service, repository);
  const suite = await ControlConnection.open(socketFile);
  try {
    const settings = await suite.takeOver(service);
    const child = new ServiceProcess({
      ...settings,
      inherited: { ...settings.inherited, ...process.env },
      service,
      name: service,
      repository,
      pidFile,
      onLine,
    });
    child.onUnexpectedExit((exit) =>
      say(`${service} ended ${describeExit(exit)}; it starts again after the next change`),
    );
    try {
      await repeat(child, folders, AbortSignal.any([signal, suite.ended]), options);
    } finally {
      await child.stop();
    }
    suite.ended.throwIfAborted();
    await suite.send({ command: 'start', service });
    say(`npm start runs ${service} again`);
  } finally {
    suite.close();
  }
}

/** Builds and starts the service, and again after each change, until the signal aborts. */
async function repeat(
  child: ServiceProcess,
  folders: readonly string[],
  ended: AbortSignal,
  { repository, say }: FromSourceOptions,
): Promise<void> {
  while (!ended.aborted) {
    const change = new AbortController();
    const end = AbortSignal.any([ended, change.signal]);
    const unwatch = watchFolders(folders, () => change.abort(new Error('a source has changed')));
    try {
      await child.stop(); // before the build, which deletes files that it may still load
      await buildOrExplain(child.name, repository, end);
      await child.start({ signal: end });
      say(`${child.name} runs from source (pid ${child.pid}); it restarts after each change`);
    } catch (error) {
      if (!end.aborted) say(messageOf(error));
    }
    if (!end.aborted) await once(end, 'abort');
    unwatch();
  }
}

async function buildOrExplain(service: string, repository: string, signal: AbortSignal) {
  try {
    await build(() => undefined, signal, repository);
  } catch (error) {
    const effect = `${service} is stopped, and npm start cannot run it either: the failed build has`;
    throw new SetupError(
      `${messageOf(error)}\n${effect} removed files. The next build that passes restores them.`,
      { cause: error },
    );
  }
}

/** The source folders of a service and of the libraries that it uses, directly or not. */
async function sourcesOf(service: ServiceName, repository: string): Promise<string[]> {
  const folders = new Set([service === 'gateway' ? 'gateway' : `services/${service}`]);
  for (const folder of folders) {
    const manifest = await readFile(join(repository, folder, 'package.json'), 'utf8');
    for (const name of Object.keys(JSON.parse(manifest).dependencies ?? {})) {
      if (name.startsWith('@equipmgnt/')) folders.add(name.replace('@equipmgnt', 'libs'));
    }
  }
  return [...folders].map((folder) => join(repository, folder, 'src'));
}
