import type { LegResult, Measurement } from './measure.ts';
import { efficiency, median, plot, ratio, ratioTable, reportText } from './report.ts';
import { DEFAULTS } from './options.ts';

const measurement = (clients: number, perSecond: number): Measurement => ({
  name: `c=${clients}`,
  clients,
  accepted: 100,
  statuses: { 201: 100, 503: 3 },
  seconds: 1,
  p50: 5,
  p99: 20,
  p999: 40,
  acceptedPerSecond: perSecond,
  convergedPerSecond: perSecond,
  lag: {
    stock: { p50: 1, p99: 2, p999: 3, samples: 9 },
    mis: { p50: 1, p99: 2, p999: 3, samples: 9 },
  },
  cpuUs: { order: 1_000, client: 50 },
  normalisedCpuUs: 900,
  calibrationUs: 50,
  memoryMiB: { order: 100 },
  perOrder: {
    statements: 14,
    commits: 5,
    walBytes: 2_400,
    sequentialTuples: 0,
    updates: 2,
    hotUpdates: 0,
    messages: 3,
  },
});

const leg = (build: string, perSecond: number): LegResult => ({
  build,
  measurements: [measurement(64, perSecond), measurement(16, perSecond / 2)],
  ceiling: {
    ordersPerSecond: 800,
    postgresCpuUs: 1_700,
    statements: { order: 8, approval: 8, equipment: 10 },
  },
  nginx: 'nginx is not installed',
  statements: [],
});

const report = (legs: LegResult[]) => ({
  startedAt: '2026-11-26T07:00:00Z',
  options: DEFAULTS,
  legs,
});

describe('The report', () => {
  it('takes the median of an odd and of an even number of values', () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 9])).toBe(3);
    expect(() => median([])).toThrow('median');
  });

  it('shows no ratio to zero, and 1 for two zeros', () => {
    expect([ratio(3, 2), ratio(0, 0), ratio(1, 0)]).toEqual(['1.50', '1.00', '-']);
  });

  it('computes E at the most clients, whatever their order', () => {
    expect(efficiency(leg('here', 400))).toBe(0.5);
    expect(efficiency({ ...leg('here', 400), ceiling: 'not measured' })).toBeUndefined();
  });

  it('divides the medians of the second build by those of the first', () => {
    const legs = [leg('a', 100), leg('b', 300), leg('a', 200), leg('b', 600)];
    expect(ratioTable(legs)).toMatch(/b \/ a/);
    expect(ratioTable(legs)).toMatch(/c=64 +3\.00 +3\.00 +1\.00/);
    expect(ratioTable([leg('a', 100)])).toBeUndefined();
  });

  it('counts the requests that were not accepted', () => {
    expect(reportText(report([leg('here', 400)]))).toMatch(/c=64 .* 3$/m);
  });

  it('plots a point for each number of clients, and no open loop', () => {
    const open = { ...measurement(0, 100), name: 'open 50/s' };
    const svg = plot(report([{ ...leg('here', 400), measurements: [measurement(8, 90), open] }]));
    expect(svg).toMatch(/^<svg .*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg.match(/<circle/g)).toHaveLength(2); // throughput and latency
  });
});
