import type { Measure, Sample } from '../run-record.ts';

/** The first third warms caches and pools up; the second is compared with the last. */
const THIRDS = 3;
/** A younger process still grows for other reasons than a leak: its heap has not been full yet. */
const LEAST_WARM_MS = 120_000;

/** Memory varies with the garbage collector, whatever the load. */
const MEDIAN = 0.5;
/** Open files follow the requests in flight. What leaks stays open when there are few of them. */
const FLOOR = 0.1;

/** Memory, file descriptors and the outboxes must not grow. @param perSecond orders */
export function soakMeasures(samples: readonly Sample[], perSecond: number): Measure[] {
  const warm = samples.slice(Math.floor(samples.length / THIRDS));
  const warmMs = (warm.at(-1)?.at ?? 0) - (warm[0]?.at ?? 0);
  const atMost = (name: string, value: number, limit: number): Measure => ({
    name,
    value: Number(value.toFixed(2)),
    unit: 'ratio',
    limit,
    must: 'at most',
    ...(warmMs < LEAST_WARM_MS && {
      notApplicable:
        `the samples span ${Math.round(warmMs / 1_000)} s after the warm-up, ` +
        `at least ${LEAST_WARM_MS / 1_000} s are needed: take more orders`,
    }),
  });
  const names = new Set(samples.flatMap(({ processes }) => Object.keys(processes)));
  const grown = [...names].flatMap((name) => {
    const memory = growth(samples, ({ processes }) => processes[name]?.memory, MEDIAN);
    const files = growth(samples, ({ processes }) => processes[name]?.files, FLOOR);
    return [
      atMost(`memory of ${name}, as a multiple of before`, memory, 1.25),
      atMost(`open files of ${name}, as a multiple of before`, files, 1.25),
    ];
  });
  const outbox = warm.reduce((sum, sample) => sum + sample.outbox, 0) / Math.max(1, warm.length);
  return [...grown, atMost('outbox rows on average, in seconds of orders', outbox / perSecond, 1)];
}

/**
 * How many times as much the last third has as the second.
 * @param share of the samples of each that lie below what is compared, 0 to 1
 */
export function growth(
  samples: readonly Sample[],
  of: (sample: Sample) => number | undefined,
  share: number,
): number {
  const third = Math.floor(samples.length / THIRDS);
  const quantile = (some: readonly Sample[]) => {
    const values = some.flatMap((sample) => of(sample) ?? []).sort((a, b) => a - b);
    return values[Math.floor(values.length * share)] ?? NaN;
  };
  return quantile(samples.slice(2 * third)) / quantile(samples.slice(third, 2 * third));
}
