/** Tells a person how far something is, in one line; called often. */
export type Report = (text: string) => void;

export const silent: Report = () => undefined;

/** Passes on no more than one text per interval, in milliseconds; the first one at once. */
export function throttled(report: Report, everyMs: number): Report {
  let last = -Infinity;
  return (text) => {
    const now = performance.now();
    if (now - last < everyMs) return;
    last = now;
    report(text);
  };
}
