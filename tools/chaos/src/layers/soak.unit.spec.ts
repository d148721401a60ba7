import { meets, type Sample } from '../run-record.ts';
import { growth, soakMeasures } from './soak.ts';

const MEDIAN = 0.5;
const FLOOR = 0.1;

const samples = (files: readonly number[]): Sample[] =>
  files.map((files, at) => ({
    at,
    acknowledged: 0,
    unknown: 0,
    lag: 0,
    outbox: 0,
    processes: { gateway: { memory: 0, files } },
  }));
const grown = (files: readonly number[], share: number): number =>
  growth(samples(files), ({ processes }) => processes['gateway']?.files, share);

describe('Growth in a soak', () => {
  const warmingUp = [500, 500, 500, 500];
  const calm = [10, 20, 20, 20];

  it.each([
    ['nothing for the same again', FLOOR, calm, 1],
    ['a leak', FLOOR, [20, 30, 30, 30], 2],
    ['no leak with more concurrent requests', FLOOR, [10, 40, 40, 40], 1],
    ['what is usual', MEDIAN, [10, 30, 30, 30], 1.5],
  ])('sees %s', (_, share, last, times) => {
    expect(grown([...warmingUp, ...calm, ...last], share)).toBe(times);
  });
});

describe('The thresholds of a soak', () => {
  const SECOND = 1_000;
  const growing = (lengthMs: number): Sample[] =>
    Array.from({ length: 30 }, (_, i) => ({
      at: (i * lengthMs) / 29,
      acknowledged: 0,
      unknown: 0,
      lag: 0,
      outbox: 1_000,
      processes: { gateway: { memory: 2 ** i, files: 2 ** i } },
    }));

  it('apply to a long run', () => {
    const measures = soakMeasures(growing(300 * SECOND), 40);
    expect(measures.map(meets)).toEqual([false, false, false]);
  });

  it.each([0, 1, 29])('do not apply to %d samples of a short run', (count) => {
    const measures = soakMeasures(growing(150 * SECOND).slice(0, count), 40);
    for (const measure of measures) {
      expect(measure.notApplicable).toMatch(
        /^the samples span \d+ s after the warm-up, at least 120 s/,
      );
    }
    expect(measures.every(meets)).toBe(true);
  });
});
