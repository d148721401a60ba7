import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

// `read` returns when the other end of the pipe closes. The kernel closes it when this process ends,
// also after SIGKILL. Then the script sends the stop signal, waits, and sends SIGKILL. A negative
// pid addresses the whole process group.
const SCRIPT = `
read -r _
kill -s "$1" -- "-$2" 2>/dev/null || exit 0
waited=0
while kill -s 0 -- "-$2" 2>/dev/null; do
  [ "$waited" -lt "$3" ] || { kill -s KILL -- "-$2"; exit; }
  waited=$((waited + 1))
  sleep 1
done`;

/**
 * Ensures that the leader of a process group does not outlive this process, even if this process is
 * killed with SIGKILL: a small shell waits for the end of this process and then stops the group.
 * The guarded process does not need to cooperate.
 * @returns a function that ends the guard. Call it as soon as the process has ended, because a
 * later process can get the same pid.
 */
export function guard(pid: number, stopSignal: NodeJS.Signals, graceMs: number): () => void {
  const seconds = Math.ceil(graceMs / 1000);
  const shell = spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'guard', stopSignal.replace('SIG', ''), String(pid), String(seconds)],
    // In its own session: Ctrl-C in the terminal must not end the guard.
    { detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  shell.unref();
  (shell.stdin as Socket).unref();
  return () => shell.kill('SIGKILL');
}
