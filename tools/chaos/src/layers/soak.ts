import type { LayerResult, Measure, Sample } from '../run-record.ts';
import type { Environment } from '../environment/environment.ts';
import { runExperiment, type Progress } from './experiment.ts';

export interface SoakOptions {
  readonly environment: Environment;
  readonly seed: number;
  readonly orders: number;
  readonly perSecond: number;
  readonly progress?: Progress;
}

/** The first third warms caches and pools up; the second is compared with the last. */
const THIRDS = 3;
/** A younger process still grows for other reasons than a leak: its heap has not been full yet. */
const LEAST_WARM_MS = 120_000;

/** Memory varies with the garbage collector, whatever the load. */
const MEDIAN = 0.5;
/** Open files follow the requests in flight. What leaks stays open when there are few of them. */
const FLOOR = 0.1;

/** The same load for long: memory, file descriptors and the outboxes must not grow. */
export async function soak(options: SoakOptions): Promise<LayerResult> {
  const result = await runExperiment({ ...options, name: 'soak', faults: async () => undefined });
  const measures = [...result.measures, ...soakMeasures(result.samples, options.perSecond)];
  return { ...result, measures };
}

/** @param perSecond orders */
export function soakMeasures(samples: readonly Sample[], perSecond: number): Measure[] {
  const warm = samples.slice(Math.floor(samples.length / THIRDS));
  const warmMs = (warm.at(-1)?.at ?? 0) - (warm[0]?.at ?? 0);
  const tooShort = warmMs < LEAST_WARM_MS && {
    notApplicable:
      `the samples span ${Math.round(warmMs / 1_000)} s after the warm-up, ` +
      `at least ${LEAST_WARM_MS / 1_000} s are needed: take more orders`,
  };
  const names = [...new Set(samples.flatMap(({ processes }) => Object.keys(processes)))];
  const grown = names.flatMap((name): Measure[] => [
    {
      name: `memory of ${name}, as a multiple of before`,
      value: growth(samples, (sample) => sample.processes[name]?.memory, MEDIAN),
      unit: 'ratio',
      limit: 1.25,
      must: 'at most',
      ...tooShort,
    },
    {
      name: `open files of ${name}, as a multiple of before`,
      value: growth(samples, (sample) => sample.processes[name]?.files, FLOOR),
      unit: 'ratio',
      limit: 1.25,
      must: 'at most',
      ...tooShort,
    },
  ]);
  const outbox: Measure = {
    name: 'outbox rows on average, in seconds of orders',
    value: Number((mean(warm.map((sample) => sample.outbox)) / perSecond).toFixed(2)),
    unit: 'ratio',
    limit: 1,
    must: 'at most',
    ...tooShort,
  };
  return [...grown, outbox];
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
  const before = quantile(samples.slice(third, 2 * third));
  return Number((quantile(samples.slice(2 * third)) / before).toFixed(2));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
