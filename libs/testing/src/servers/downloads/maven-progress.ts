const BYTES: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/**
 * Reads Maven's console output line by line and tells how far its downloads are. The lines are
 * "Downloading from <id>: <address>", "Progress (2): 1.2/149 MB | 43 kB" (ending in a carriage
 * return; each download's bytes so far, of its total) and "Downloaded from <id>: <address>
 * (149 MB at 39 MB/s)".
 */
export class MavenProgress {
  #complete = 0;
  #underWay = 0;
  #shown = 0;
  #current = '';

  /** @returns what to show, or undefined when the line tells nothing about downloads. */
  read(line: string): string | undefined {
    const [, event, rest = ''] = /(Downloading|Downloaded|Progress)\b(.*)/.exec(line) ?? [];
    if (event === undefined) return undefined;
    if (event === 'Progress') {
      const downloads = rest.slice(rest.indexOf(':') + 1).split('|');
      this.#underWay = downloads.reduce((sum, download) => sum + bytesIn(download), 0);
    } else if (event === 'Downloaded') {
      this.#complete += bytesIn(/\((.*) at /.exec(rest)?.[1] ?? '');
      this.#underWay = 0;
    } else {
      this.#current = /[^/\s]+$/.exec(rest)?.[0] ?? '';
    }
    // Of downloads at once, the others' bytes are missing until their next line.
    this.#shown = Math.max(this.#shown, this.#complete + this.#underWay);
    return `${(this.#shown / 1e6).toFixed(1)} MB so far: ${this.#current}`;
  }
}

/** The bytes in "43 kB", or the first number of "1.2/149 MB", where the unit is that of both. */
function bytesIn(text: string): number {
  const [, amount, unit] = /([\d.]+)(?:\/[\d.]+)? ?([kMG]?B)/.exec(text) ?? [];
  return Number(amount ?? 0) * (BYTES[unit ?? 'B'] ?? 1);
}
