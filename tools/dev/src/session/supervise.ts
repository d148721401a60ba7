import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit, type ManagedProcess, messageOf } from '@equipmgnt/testing';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Starts a process again when it ends by itself, as an orchestrator would: after a pause that
 * grows from 1 s to 10 s while the process does not last, and is short again once it has.
 */
export function supervise(process: ManagedProcess, say: (text: string) => void): void {
  let pauseMs = FIRST_PAUSE_MS;
  process.onUnexpectedExit(async (exit) => {
    if (exit.uptimeMs > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
    say(
      `${process.name} ended by itself ${describeExit(exit)}; ` +
        `it is started again in ${pauseMs / 1000} s`,
    );
    await sleep(pauseMs, undefined, { ref: false });
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    if (!process.wanted || process.pid !== undefined) return; // stopped or started meanwhile
    try {
      await process.start();
      say(`${process.name} is back (pid ${process.pid})`);
    } catch (error) {
      // If it has ended again, that is told on its own.
      if (process.pid !== undefined) say(messageOf(error));
    }
  });
}
