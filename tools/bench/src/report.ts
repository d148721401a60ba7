import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { LegResult, Measurement } from './measure.ts';
import type { BenchOptions } from './options.ts';

export interface Report {
  readonly startedAt: string;
  readonly options: BenchOptions;
  /** In the order in which they ran; with a comparison, the builds alternate. */
  readonly legs: readonly LegResult[];
}

/** @throws Error if there are no values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('an empty list has no median');
  return (low + high) / 2;
}

/** End to end and converged, at the most clients, against the ceiling of PostgreSQL alone. */
export function efficiency({ measurements, ceiling }: LegResult): number | undefined {
  if (typeof ceiling === 'string') return undefined;
  const closed = measurements.filter(({ clients }) => clients > 0);
  const most = closed.reduce((one, other) => (other.clients > one.clients ? other : one));
  return most.convergedPerSecond / ceiling.ordersPerSecond;
}

const COLUMNS: readonly [
  title: string,
  value: (measured: Measurement) => number,
  digits: number,
][] = [
  ['accepted/s', (m) => m.acceptedPerSecond, 0],
  ['converged/s', (m) => m.convergedPerSecond, 0],
  ['p50 ms', (m) => m.p50, 1],
  ['p99 ms', (m) => m.p99, 1],
  ['p99.9 ms', (m) => m.p999, 1],
  ['stock p99', (m) => m.lag.stock.p99, 0],
  ['mis p99', (m) => m.lag.mis.p99, 0],
  ['CPU µs', (m) => m.normalisedCpuUs, 0],
  ['PG µs', (m) => m.cpuUs['PostgreSQL'] ?? 0, 0],
  ['calib. µs', (m) => m.calibrationUs, 1],
  ['stmts', (m) => m.perOrder.statements, 1],
  ['commits', (m) => m.perOrder.commits, 1],
  ['msgs', (m) => m.perOrder.messages, 1],
  ['refused', (m) => refused(m), 0],
];

const refused = ({ statuses, accepted }: Measurement): number =>
  Object.values(statuses).reduce((sum, count) => sum + count, 0) - accepted;

/** The report as text. */
export function reportText({ legs }: Report): string {
  const parts = legs.flatMap((leg) => [
    `\n${leg.build}`,
    table(['', ...COLUMNS.map(([title]) => title)], leg.measurements.map(row)),
    '\nCPU µs per order, not normalised, and memory in MiB',
    processTable(leg.measurements),
    ceilingText(leg),
    nginxText(leg),
  ]);
  const comparison = ratioTable(legs);
  return [...parts, ...(comparison === undefined ? [] : [comparison])].join('\n');
}

const row = (measured: Measurement): string[] => [
  measured.name,
  ...COLUMNS.map(([, value, digits]) => value(measured).toFixed(digits)),
];

function processTable(measurements: readonly Measurement[]): string {
  const [first] = measurements;
  const processes = Object.keys(first?.cpuUs ?? {});
  const rows = measurements.map(({ name, cpuUs, memoryMiB }) => [
    name,
    ...processes.map((process) => {
      const memory = memoryMiB[process];
      const cpu = (cpuUs[process] ?? 0).toFixed(0);
      return memory === undefined ? cpu : `${cpu} (${memory.toFixed(0)})`;
    }),
  ]);
  return table(['', ...processes], rows);
}

function ceilingText(leg: LegResult): string {
  const { ceiling } = leg;
  if (typeof ceiling === 'string') return `\nPostgreSQL ceiling: ${ceiling}`;
  const { ordersPerSecond, postgresCpuUs, statements } = ceiling;
  const counts = Object.entries(statements).map(([database, count]) => `${database} ${count}`);
  return (
    `\nPostgreSQL ceiling (pgbench, unbatched, prepared): ${ordersPerSecond.toFixed(0)} orders/s, ` +
    `${postgresCpuUs.toFixed(0)} µs of its CPU per order; statements: ${counts.join(', ')}\n` +
    `E = ${efficiency(leg)?.toFixed(2)}`
  );
}

const nginxText = ({ nginx }: LegResult): string =>
  typeof nginx === 'string'
    ? `nginx in the gateway's place: ${nginx}`
    : `nginx in the gateway's place:\n${table(['', ...COLUMNS.map(([title]) => title)], [row(nginx)])}`;

/**
 * The medians of the second build, divided by those of the first one. Undefined without two builds.
 * Below 1 is better for latencies and CPU, above 1 for rates.
 */
export function ratioTable(legs: readonly LegResult[]): string | undefined {
  const [base, changed] = [...new Set(legs.map(({ build }) => build))];
  if (base === undefined || changed === undefined) return undefined;
  // the rate of the open loop differs from leg to leg, so it is found by its position
  const rows = (legs[0]?.measurements ?? []).map(({ name, clients }, index) => [
    clients > 0 ? name : 'open',
    ...COLUMNS.map(([, value]) => {
      const of = (build: string) =>
        legs
          .filter((leg) => leg.build === build)
          .flatMap(({ measurements }) => measurements[index] ?? [])
          .map(value);
      return ratio(median(of(changed)), median(of(base)));
    }),
  ]);
  const title = `\n${changed} / ${base} (medians)`;
  return [title, table(['', ...COLUMNS.map(([name]) => name)], rows)].join('\n');
}

/** Two zeros are equal; anything divided by zero is unknown. */
export function ratio(changed: number, base: number): string {
  if (changed === base) return '1.00';
  return base === 0 ? '-' : (changed / base).toFixed(2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ');
  return [head, ...rows].map(line).join('\n');
}

/** Throughput and p99 by the number of clients, as SVG. */
export function plot({ legs }: Report): string {
  const { document } = parseHTML('<html><body></body></html>');
  const points = legs.flatMap(({ build, measurements }, leg) =>
    measurements
      .filter(({ clients }) => clients > 0)
      .flatMap(({ clients, convergedPerSecond, p99 }) => [
        { build, leg, clients, value: convergedPerSecond, what: 'converged orders/s' },
        { build, leg, clients, value: p99, what: 'p99 ms' },
      ]),
  );
  const channels = { x: 'clients', y: 'value', stroke: 'build', fy: 'what' } as const;
  const figure = Plot.plot({
    document,
    grid: true,
    color: { type: 'categorical' },
    x: { type: 'log', base: 2, label: 'clients' },
    y: { zero: true, label: null },
    fy: { label: null },
    marks: [
      Plot.frame(),
      Plot.line(points, { ...channels, z: 'leg' }),
      Plot.dot(points, { ...channels, title: 'build' }),
    ],
  });
  figure.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return figure.outerHTML;
}
