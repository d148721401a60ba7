import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { guard } from './guard.ts';

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  /** Ends the command; its reason is thrown once the command is gone. */
  readonly signal?: AbortSignal;
  /** Called with each line of its output; the end of a line may be a carriage return. */
  readonly onLine?: (line: string) => void;
}

// How long a command may take to stop once this process is gone.
const GRACE_MS = 5000;

/** A command ended with something else than exit code 0. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  /** All it printed, stdout and stderr as they came. */
  readonly output: string;

  constructor(command: string, ending: string, output: string) {
    super(`${command} failed (${ending}):\n${output.trim()}`);
    this.output = output;
  }
}

/**
 * Runs a command to its end and returns what it printed.
 * @throws CommandFailed when it ends with anything but 0.
 */
export async function run(
  executable: string,
  args: readonly string[],
  { cwd, env, account, signal, onLine }: RunOptions,
): Promise<string> {
  signal?.throwIfAborted();
  // In a session of its own, as Ctrl-C has to end it by way of the signal only: once, and awaited.
  const child = spawn(executable, args, {
    cwd,
    env,
    ...account,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endGuard = child.pid === undefined ? undefined : guard(child.pid, 'SIGTERM', GRACE_MS);
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      onLine?.(line);
    });
  }
  const { promise: ended, resolve, reject } = Promise.withResolvers<string>();
  child.once('error', reject);
  child.once('close', (code, by) => resolve(by === null ? `exit code ${code}` : by));
  const stop = () => endGroup(child.pid);
  signal?.addEventListener('abort', stop);
  try {
    const ending = await ended;
    signal?.throwIfAborted();
    const output = lines.join('\n');
    if (ending !== 'exit code 0') throw new CommandFailed(executable, ending, output);
    return output;
  } finally {
    signal?.removeEventListener('abort', stop);
    endGuard?.();
  }
}

/** Ends a command together with whatever it started: it leads its own process group. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // it was quicker
  }
}
