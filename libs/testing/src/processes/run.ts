import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { guard } from './guard.ts';

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  /** Ends the command. Its reason is thrown when the command has ended. */
  readonly signal?: AbortSignal;
  /** Called with each line of the output. A line may end with a carriage return. */
  readonly onLine?: (line: string) => void;
}

// The time that a command has to stop after this process has died.
const GRACE_MS = 5000;

/** A command ended with a signal or an exit code other than 0. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  /** Its stdout and stderr, in the order of arrival. */
  readonly output: string;

  constructor(command: string, ending: string, output: string) {
    super(`${command} failed (${ending}):\n${output.trim()}`);
    this.output = output;
  }
}

/**
 * Runs a command to its end and returns its output.
 * @throws CommandFailed when it does not end with exit code 0.
 */
export async function run(
  executable: string,
  args: readonly string[],
  { cwd, env, account, signal, onLine }: RunOptions,
): Promise<string> {
  signal?.throwIfAborted();
  // In its own session: Ctrl-C must end it only through `signal`, once, and this function waits.
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

/** Ends a command and its children: it is the leader of its process group. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // it has already ended
  }
}
