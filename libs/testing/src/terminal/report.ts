/** Receives the progress of an operation, as one line for the user. Called often. */
export type Report = (text: string) => void;

export const silent: Report = () => undefined;

/** Forwards at most one text per interval, in milliseconds; the first one immediately. */
export function throttled(report: Report, everyMs: number): Report {
  let last = -Infinity;
  return (text) => {
    const now = performance.now();
    if (now - last < everyMs) return;
    last = now;
    report(text);
  };
}
