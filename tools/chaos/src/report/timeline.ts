import type { LayerResult } from '../run-record.ts';

/** A layer's samples as columns, as the page plots them. Times are in seconds. */
export interface Timeline {
  readonly at: readonly number[];
  /** Orders acknowledged per second since the sample before. */
  readonly throughput: readonly (number | null)[];
  readonly unknown: readonly number[];
  readonly lag: readonly number[];
  readonly outbox: readonly number[];
  /** In MiB, by process; null while it was down. */
  readonly memory: Readonly<Record<string, readonly (number | null)[]>>;
  readonly files: Readonly<Record<string, readonly (number | null)[]>>;
  readonly faults: readonly {
    readonly what: string;
    readonly target: string;
    readonly from: number;
    readonly to: number;
  }[];
}

export function timelineOf({ samples, faults }: LayerResult): Timeline {
  const names = [...new Set(samples.flatMap(({ processes }) => Object.keys(processes)))].sort();
  const byProcess = (field: 'memory' | 'files', unit: number) =>
    Object.fromEntries(
      names.map((name) => {
        const values = samples.map(({ processes }) => processes[name]?.[field]);
        return [name, values.map((value) => (value === undefined ? null : value / unit))];
      }),
    );
  return {
    at: samples.map(({ at }) => at / 1_000),
    throughput: samples.map(({ at, acknowledged }, i) => {
      const before = samples[i - 1];
      if (before === undefined || at <= before.at) return null;
      return (acknowledged - before.acknowledged) / ((at - before.at) / 1_000);
    }),
    unknown: samples.map(({ unknown }) => unknown),
    lag: samples.map(({ lag }) => lag),
    outbox: samples.map(({ outbox }) => outbox),
    memory: byProcess('memory', 2 ** 20),
    files: byProcess('files', 1),
    faults: faults.map(({ what, target, from, to }) => ({
      what,
      target,
      from: from / 1_000,
      to: to / 1_000,
    })),
  };
}
