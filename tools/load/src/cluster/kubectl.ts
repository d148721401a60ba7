import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CommandFailed, REPOSITORY, run, SetupError } from '@equipmgnt/local';

export const NAMESPACE = 'istio-cb-ns';

/** The operator's kubectl, on a cluster that is named by its context: never the current one. */
export class Kubectl {
  readonly #context: string;
  readonly #signal: AbortSignal;

  /** @param signal ends what is running */
  constructor(context: string, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /** The same, whatever has been aborted: for putting things back. */
  get undisturbed(): Kubectl {
    return new Kubectl(this.#context, new AbortController().signal);
  }

  /** @throws SetupError with what kubectl said */
  async run(args: readonly string[], onLine?: (line: string) => void): Promise<string> {
    const all = ['--context', this.#context, '--namespace', NAMESPACE, ...args];
    try {
      const options = { cwd: REPOSITORY, env: process.env, signal: this.#signal };
      return await run('kubectl', all, { ...options, ...(onLine && { onLine }) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        throw new SetupError('kubectl is needed for --cluster, but there is none on PATH.');
      }
      if (!(error instanceof CommandFailed)) throw error;
      throw new SetupError(`kubectl ${args.join(' ')}:\n${error.output.trim()}`, { cause: error });
    }
  }

  /** An object, or a part of it. */
  async get<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run(['get', ...args, '--output', 'json'])) as T;
  }

  async apply(object: object): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
    try {
      const file = join(folder, 'object.json');
      await writeFile(file, JSON.stringify(object));
      await this.run(['apply', '--filename', file]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /**
   * Makes a port of a deployment's pods reachable from here.
   * @returns its address, and how to end that
   */
  async forward(target: string, port: number): Promise<{ url: string; stop: () => void }> {
    const args = ['--context', this.#context, '--namespace', NAMESPACE];
    const child = spawn('kubectl', [...args, 'port-forward', target, `:${port}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const stop = () => void child.kill();
    this.#signal.addEventListener('abort', stop);
    const [line] = (await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit').then(() => ['']),
    ])) as [string];
    const local = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (local !== undefined) return { url: `http://127.0.0.1:${local}`, stop };
    stop();
    throw new SetupError(`kubectl port-forward ${target} said "${line}"`);
  }
}
