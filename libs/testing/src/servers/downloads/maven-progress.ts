const BYTES: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/**
 * Reads Maven's console output line by line and computes the progress of its downloads. The lines
 * are "Downloading from <id>: <address>", "Progress (2): 1.2/149 MB | 43 kB" (ends with a carriage
 * return; the bytes so far, and possibly the total, of each download) and "Downloaded from <id>:
 * <address> (149 MB at 39 MB/s)".
 */
export class MavenProgress {
  #complete = 0;
  #inProgress = 0;
  #shown = 0;
  #current = '';

  /** @returns the text to show, or undefined when the line is not about downloads. */
  read(line: string): string | undefined {
    const [, event, rest = ''] = /(Downloading|Downloaded|Progress)\b(.*)/.exec(line) ?? [];
    if (event === undefined) return undefined;
    if (event === 'Progress') {
      const downloads = rest.slice(rest.indexOf(':') + 1).split('|');
      this.#inProgress = downloads.reduce((sum, download) => sum + bytesIn(download), 0);
    } else if (event === 'Downloaded') {
      this.#complete += bytesIn(/\((.*) at /.exec(rest)?.[1] ?? '');
      this.#inProgress = 0;
    } else {
      this.#current = /[^/\s]+$/.exec(rest)?.[0] ?? '';
    }
    // When one of several concurrent downloads completes, the bytes of the others are unknown until
    // their next line. The shown number must not decrease.
    this.#shown = Math.max(this.#shown, this.#complete + this.#inProgress);
    return `${(this.#shown / 1e6).toFixed(1)} MB so far: ${this.#current}`;
  }
}

/** The bytes in "43 kB", or of the first number in "1.2/149 MB", where both have the same unit. */
function bytesIn(text: string): number {
  const [, amount, unit] = /([\d.]+)(?:\/[\d.]+)? ?([kMG]?B)/.exec(text) ?? [];
  return Number(amount ?? 0) * (BYTES[unit ?? 'B'] ?? 1);
}
