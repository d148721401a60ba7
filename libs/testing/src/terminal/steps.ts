import { Listr } from 'listr2';
import { throttled, type Report } from './report.ts';

export interface Step {
  readonly title: string;
  readonly run: (report: Report, signal: AbortSignal) => Promise<unknown>;
}

// On a terminal the text is below its title and is overwritten. Otherwise each text is a separate
// line, so it starts with the title.
const TERMINAL = process.stdout.isTTY;
const REPORT_EVERY_MS = TERMINAL ? 100 : 5000;

/**
 * Runs steps concurrently and shows their progress. When one fails or the signal aborts, the others
 * are aborted.
 * @throws the error of the first step that failed, or the signal's reason, when all have ended.
 */
export async function runSteps(steps: readonly Step[], signal: AbortSignal): Promise<void> {
  const failure = new AbortController();
  const abort = AbortSignal.any([signal, failure.signal]);
  const tasks = steps.map(({ title, run }) => ({
    title,
    task: async (_: unknown, task: { output: string }) => {
      try {
        const show = (text: string) => (task.output = TERMINAL ? text : `${title}: ${text}`);
        await run(throttled(show, REPORT_EVERY_MS), abort);
      } catch (error) {
        const first = !abort.aborted;
        failure.abort(error);
        // The caller prints the full reason.
        throw new Error(first ? 'failed' : 'aborted', { cause: error });
      }
    },
  }));
  await new Listr(tasks, {
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false, // a signal starts the stopping, it does not end this process
    rendererOptions: { showErrorMessage: false },
    fallbackRenderer: 'simple',
  }).run();
  abort.throwIfAborted();
}
