import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CommandFailed, messageOf, REPOSITORY, run, SetupError } from '@equipmgnt/testing';

export const NAMESPACE = 'istio-cb-ns';

const execute = promisify(execFile);
const MOST_OUTPUT = 1 << 30; // the log of a proxy has a line for each request

/**
 * Calls a probe until it returns a value.
 * @returns the value, or undefined after the time limit
 */
export async function poll<T>(
  withinMs: number,
  probe: () => Promise<T | undefined>,
  everyMs = 1_000,
): Promise<T | undefined> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined || performance.now() > deadline) return value;
    await sleep(everyMs);
  }
}

/** The operator's kubectl. The cluster is always an explicit context, never the current one. */
export class Kubectl {
  readonly #context: string;
  readonly #signal: AbortSignal;

  /** @param signal stops the running command */
  constructor(context: string, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /** The same without the signal, to restore the cluster after an abort. */
  get undisturbed(): Kubectl {
    return new Kubectl(this.#context, new AbortController().signal);
  }

  /** @returns stdout, without warnings. @throws SetupError with kubectl's error message */
  async run(args: readonly string[], input = ''): Promise<string> {
    const options = { env: process.env, signal: this.#signal, maxBuffer: MOST_OUTPUT };
    try {
      const running = execute('kubectl', this.#inNamespace(args), options);
      running.child.stdin?.on('error', () => undefined).end(input); // it may end without reading it
      return (await running).stdout;
    } catch (error) {
      throw this.#failed(args, error, (error as { stderr?: string }).stderr);
    }
  }

  /** Runs a command and reports each line when it is printed. @throws SetupError as run() does */
  async follow(args: readonly string[], onLine?: (line: string) => void): Promise<string> {
    const options = { cwd: REPOSITORY, env: process.env, signal: this.#signal };
    try {
      return await run('kubectl', this.#inNamespace(args), {
        ...options,
        ...(onLine && { onLine }),
      });
    } catch (error) {
      throw this.#failed(args, error, error instanceof CommandFailed ? error.output : undefined);
    }
  }

  /** An object, or a part of it. */
  async get<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run(['get', ...args, '--output', 'json'])) as T;
  }

  async apply(object: object): Promise<void> {
    await this.run(['apply', '--filename', '-'], JSON.stringify(object));
  }

  /**
   * Forwards a local port to a port of a deployment's pods.
   * @returns the local address, and a function that stops the forwarding
   */
  async forward(target: string, port: number): Promise<{ url: string; stop: () => void }> {
    const child = spawn('kubectl', this.#inNamespace(['port-forward', target, `:${port}`]), {
      env: process.env,
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
    throw new SetupError(`kubectl port-forward ${target} printed "${line}"`);
  }

  #inNamespace(args: readonly string[]): string[] {
    return ['--context', this.#context, '--namespace', NAMESPACE, ...args];
  }

  #failed(args: readonly string[], cause: unknown, said: string | undefined): unknown {
    if (this.#signal.aborted) return this.#signal.reason;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return new SetupError('kubectl is needed for --cluster, but there is none on PATH.');
    }
    return new SetupError(`kubectl ${args.join(' ')}:\n${said?.trim() || messageOf(cause)}`, {
      cause,
    });
  }
}
