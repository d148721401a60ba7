import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { guard } from './guard.ts';
import { writePidFile } from './pid-file.ts';

export interface Command {
  readonly executable: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whom it runs as; needs root. */
  readonly account?: { readonly uid: number; readonly gid: number };
}

/** Where stdout and stderr go: appended to a file, or line by line to a function. */
export type Output = { readonly file: string } | { readonly onLine: (line: string) => void };

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StopPolicy {
  /** The signal that asks it to stop in good order. */
  readonly stopSignal: NodeJS.Signals;
  /** How long that may take, in milliseconds, before SIGKILL. */
  readonly stopWithinMs: number;
}

/**
 * A process in a session of its own, so that Ctrl-C in the terminal does not reach it: it stops
 * when its owner says so, in the owner's order. Should the owner die, a guard stops it.
 */
export class DetachedProcess {
  readonly pid: number;
  /** Settles when the process has ended and its output has been read. Never rejects. */
  readonly gone: Promise<Exit>;
  /** Aborts when the process has ended. */
  readonly ended: AbortSignal;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, policy: StopPolicy, pidFile: string | undefined) {
    const endGuard = guard(child.pid!, policy.stopSignal, policy.stopWithinMs);
    const ended = new AbortController();
    this.#child = child;
    this.pid = child.pid!;
    this.ended = ended.signal;
    child.once('exit', (code: number | null, signal: NodeJS.Signals | null) => {
      endGuard();
      ended.abort(new Error(`it ended ${describeExit({ code, signal })}`));
    });
    const closed = new Promise<Exit>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    // The file goes before anyone hears of the end: a successor may write its own right after.
    this.gone = closed.finally(() => pidFile && rm(pidFile, { force: true }));
  }

  /** @throws Error when the executable cannot be run. */
  static async spawn(
    name: string,
    command: Command,
    output: Output,
    policy: StopPolicy,
    pidFile?: string,
  ): Promise<DetachedProcess> {
    const child = launch(command, output);
    await once(child, 'spawn');
    const detached = new DetachedProcess(child, policy, pidFile);
    if (pidFile !== undefined) await writePidFile(pidFile, { name, pid: detached.pid, ...policy });
    return detached;
  }

  /** Sends a signal; does nothing when the process has ended. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** "with exit code 1" or "by SIGKILL". */
export const describeExit = ({ code, signal }: Exit): string =>
  signal === null ? `with exit code ${code}` : `by ${signal}`;

function launch(command: Command, output: Output): ChildProcess {
  const options = { cwd: command.cwd, env: command.env, detached: true, ...command.account };
  const start = (stdio: StdioOptions) =>
    spawn(command.executable, command.args, { ...options, stdio });
  if ('onLine' in output) {
    const child = start(['ignore', 'pipe', 'pipe']);
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', output.onLine);
    }
    return child;
  }
  mkdirSync(dirname(output.file), { recursive: true });
  const file = openSync(output.file, 'a');
  try {
    return start(['ignore', file, file]);
  } finally {
    closeSync(file); // the process has its own copy
  }
}
