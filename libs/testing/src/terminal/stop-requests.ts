// One Ctrl-C arrives up to three times: the terminal sends SIGINT to npm, to run.mjs and to this
// process, and the first two forward it. A signal after this time is a second key press.
const SAME_REQUEST_MS = 1000;

/**
 * Listens for requests to stop this process: Ctrl-C, SIGTERM, or the end of the terminal or of
 * another reader of the output.
 * @param stop called at the first request
 * @param force called at every further request
 */
export function onStopRequest(stop: () => void, force: () => void): void {
  let firstAt: number | undefined;
  const requested = () => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      stop();
    } else if (now - firstAt > SAME_REQUEST_MS) {
      force();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, requested);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {
      if (firstAt === undefined) requested();
    });
  }
}
