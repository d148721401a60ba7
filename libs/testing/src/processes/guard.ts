import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

// Reading ends when the other end of the pipe closes, and the kernel closes it when this process
// is gone, however it went. Then: ask to stop, wait, insist. The minus makes it the whole group.
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
 * Makes sure that a process, which leads a process group, does not outlive this one, even if this
 * one is killed with SIGKILL: a small shell waits for the end of this process and stops the group.
 * It needs no cooperation of the process it looks after.
 * @returns a function that ends the guard; to be called as soon as the process is gone, so that
 * another with the same pid is never hit.
 */
export function guard(pid: number, stopSignal: NodeJS.Signals, graceMs: number): () => void {
  const seconds = Math.ceil(graceMs / 1000);
  const shell = spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'guard', stopSignal.replace('SIG', ''), String(pid), String(seconds)],
    // In a session of its own: Ctrl-C in the terminal must not end the guard.
    { detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  shell.unref();
  (shell.stdin as Socket).unref();
  return () => shell.kill('SIGKILL');
}
