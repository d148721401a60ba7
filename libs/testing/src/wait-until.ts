import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './setup-error.ts';

export interface WaitOptions {
  /** The time limit, in milliseconds. */
  readonly withinMs: number;
  /** Aborts the wait; its reason is thrown. */
  readonly signal?: AbortSignal;
}

// Much shorter than the start of a process (about a second), much longer than one probe.
const PAUSE_MS = 50;

/**
 * Calls the probe repeatedly until it does not reject, and returns its result.
 * @throws Error after `withinMs`, with the probe's last rejection as its cause.
 */
export async function waitUntil<T>(probe: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { withinMs, signal } = options;
  const deadline = performance.now() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await probe();
    } catch (error) {
      if (performance.now() >= deadline) {
        throw new Error(`not ready after ${withinMs / 1000} s (${messageOf(error)})`, {
          cause: error,
        });
      }
    }
    await pause(signal);
  }
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(PAUSE_MS, undefined, signal && { signal });
  } catch {
    signal?.throwIfAborted(); // throws the reason instead of the timer's AbortError
  }
}
