import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './setup-error.ts';

export interface WaitOptions {
  /** How long to go on asking, in milliseconds. */
  readonly withinMs: number;
  /** Ends the wait early; its reason is thrown. */
  readonly signal?: AbortSignal;
}

// Short against the second or so that anything here takes to start, long against one question.
const PAUSE_MS = 50;

/**
 * Asks again and again until the probe no longer rejects, and returns its answer.
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
    signal?.throwIfAborted(); // the reason, rather than the timer's own AbortError
  }
}
