import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit, type ManagedProcess, messageOf } from '@equipmgnt/testing';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Restarts a process that exits unexpectedly, as an orchestrator would. The pause before the restart
 * doubles from 1 s up to 10 s. It is 1 s again after the process has run for more than 10 s.
 */
export function supervise(process: ManagedProcess, say: (text: string) => void): void {
  let pauseMs = FIRST_PAUSE_MS;
  process.onUnexpectedExit(async (exit) => {
    if (exit.uptimeMs > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
    say(
      `${process.name} ended unexpectedly ${describeExit(exit)}; ` +
        `restarting it in ${pauseMs / 1000} s`,
    );
    await sleep(pauseMs, undefined, { ref: false });
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    if (!process.wanted || process.pid !== undefined) return; // stopped or started during the pause
    try {
      await process.start();
      say(`${process.name} is running again (pid ${process.pid})`);
    } catch (error) {
      // If it has ended again, the next call of this listener reports that.
      if (process.pid !== undefined) say(messageOf(error));
    }
  });
}
