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
  /** The account that it runs as; only root can set it. */
  readonly account?: { readonly uid: number; readonly gid: number };
}

/** The target of stdout and stderr: a file to append to, or a function for each line. */
export type Output = { readonly file: string } | { readonly onLine: (line: string) => void };

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StopPolicy {
  /** The signal that requests a graceful stop. */
  readonly stopSignal: NodeJS.Signals;
  /** The time for a graceful stop, in milliseconds, before SIGKILL. */
  readonly stopWithinMs: number;
}

/**
 * A process in its own session. Ctrl-C in the terminal does not reach it, so its owner decides when
 * and in which order processes stop. If the owner dies, a guard stops the process.
 */
export class DetachedProcess {
  readonly pid: number;
  /** Resolves when the process has ended and its output has been read. Never rejects. */
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
    // The pid file is removed before `gone` resolves: the next process may write its own right after.
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
    closeSync(file); // the child has its own descriptor
  }
}
