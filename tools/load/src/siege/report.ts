import { stripVTControlCharacters } from 'node:util';

/** One answer, as siege -v prints it. */
export interface SiegeAnswer {
  readonly status: number;
  readonly seconds: number;
}

/** What siege measured. */
export interface SiegeReport {
  /** In percent. siege rounds it: one failure among more than 20,000 requests still gives 100. */
  readonly availability: number;
  readonly elapsedSeconds: number;
  /** Requests with a status below 400. */
  readonly successful: number;
  /** Requests with a status of at least 400 or without an answer. */
  readonly failed: number;
  readonly longestSeconds: number;
  readonly answers: readonly SiegeAnswer[];
}

const ANSWER = /^HTTP\/[\d.]+ (\d{3})\s+([\d.]+) secs:/;

/**
 * Parses the lines and the figures that siege prints, with or without colours.
 * @throws Error if a figure is missing, because siege did not finish
 */
export function parseSiege(output: string): SiegeReport {
  const lines = stripVTControlCharacters(output).split(/\r?\n/);
  const figure = (name: string): number => {
    const line = lines.find((each) => each.startsWith(`${name}:`));
    const value = Number(/[\d.]+/.exec(line?.slice(name.length) ?? '')?.[0] ?? NaN);
    if (Number.isNaN(value)) {
      const last = lines.filter((each) => each.trim() !== '').slice(-5);
      throw new Error(`siege printed no "${name}". Its last lines:\n${last.join('\n')}`);
    }
    return value;
  };
  return {
    availability: figure('Availability'),
    elapsedSeconds: figure('Elapsed time'),
    successful: figure('Successful transactions'),
    failed: figure('Failed transactions'),
    longestSeconds: figure('Longest transaction'),
    answers: lines.flatMap((line) => {
      const [, status, seconds] = ANSWER.exec(line) ?? [];
      return status === undefined ? [] : [{ status: Number(status), seconds: Number(seconds) }];
    }),
  };
}

/** The number of answers with each status, e.g. `200 × 231, 503 × 84`. */
export function countStatuses(statuses: Iterable<number>): string {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  const sorted = [...counts].sort(([one], [other]) => one - other);
  return sorted.map(([status, count]) => `${status} × ${count}`).join(', ') || 'none';
}
