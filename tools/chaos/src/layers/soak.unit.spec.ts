import type { Sample } from '../run-record.ts';
import { growth } from './soak.ts';

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
