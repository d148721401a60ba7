import { Listr } from 'listr2';
import { throttled, type Report } from './report.ts';

export interface Step {
  readonly title: string;
  readonly run: (report: Report, signal: AbortSignal) => Promise<unknown>;
}

// On a terminal the text stands below its title and is overwritten; elsewhere each is a line of
// its own, somewhere among the others.
const TERMINAL = process.stdout.isTTY;
const REPORT_EVERY_MS = TERMINAL ? 100 : 5000;

/**
 * Runs steps side by side and shows how far they are. When one fails or the signal aborts, the
 * others are told to give up.
 * @throws what the first failing step threw, or the signal's reason, once all steps have ended.
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
        // The reason is told in full by whoever called; here is room for a line.
        throw new Error(first ? 'failed' : 'given up', { cause: error });
      }
    },
  }));
  await new Listr(tasks, {
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false, // a signal is not the end here, but the start of stopping
    rendererOptions: { showErrorMessage: false },
    fallbackRenderer: 'simple',
  }).run();
  abort.throwIfAborted();
}
