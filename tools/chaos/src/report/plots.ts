import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Fault, LayerResult, Sample } from '../run-record.ts';

const WIDTH = 1_000;
/** Room for the names of targets; the same for all, so that their times are above each other. */
const LEFT = 100;
/** Of a letter in the plots' 10 px font, at most. */
const LETTER_WIDTH = 6;

interface Point {
  /** Seconds. */
  readonly at: number;
  readonly what: string;
  /** Undefined leaves a gap. */
  readonly value: number | undefined;
}

/** The timelines of a layer as drawings, with its faults behind them. */
export function plotsOf({ samples, faults }: LayerResult): string[] {
  if (samples.length === 0) return [];
  const ends = [...samples.map(({ at }) => at), ...faults.map(({ to }) => to)];
  const end = Math.max(...ends.filter(Number.isFinite)) / 1_000;
  const spans = faults.map((fault) => spanOf(fault, end));
  const lines = (title: string, points: Point[]) =>
    plot(title, end, [shade(spans), ...line(points)]);
  return [
    lines('Throughput', [
      ...points(samples, 'acknowledged per second', perSecond(samples)),
      ...points(samples, 'not yet known', (sample) => sample.unknown),
    ]),
    ...(faults.length > 0 ? [plot('Faults, by target', end, lanes(spans, end))] : []),
    lines('Waiting', [
      ...points(samples, 'lag of consumers', ({ lag }) => lag),
      ...points(samples, 'outboxes', ({ outbox }) => outbox),
    ]),
    lines(
      'Resident memory, MiB',
      byProcess(samples, ({ memory }) => memory / 2 ** 20),
    ),
    lines(
      'Open files',
      byProcess(samples, ({ files }) => files),
    ),
  ];
}

const points = (
  samples: readonly Sample[],
  what: string,
  of: (sample: Sample, i: number) => number | undefined,
): Point[] => samples.map((sample, i) => ({ at: sample.at / 1_000, what, value: of(sample, i) }));

/** Orders acknowledged per second since the sample before. */
const perSecond =
  (samples: readonly Sample[]) =>
  ({ at, acknowledged }: Sample, i: number): number | undefined => {
    const before = samples[i - 1];
    if (before === undefined || at <= before.at) return undefined;
    return (acknowledged - before.acknowledged) / ((at - before.at) / 1_000);
  };

/** With a gap while a process was down. */
function byProcess(
  samples: readonly Sample[],
  of: (process: Sample['processes'][string]) => number,
): Point[] {
  const names = new Set(samples.flatMap(({ processes }) => Object.keys(processes)));
  return [...names]
    .sort()
    .flatMap((name) =>
      points(samples, name, ({ processes }) => processes[name] && of(processes[name])),
    );
}

/** A fault in seconds; one that was never fixed lasts to the end. */
const spanOf = ({ what, target, from, to }: Fault, end: number) => {
  const [start, until] = [from / 1_000, Math.min(to / 1_000, end)];
  return {
    target,
    what,
    from: start,
    to: until,
    title: `${what}, ${(until - start).toFixed(1)} s`,
  };
};
type Span = ReturnType<typeof spanOf>;

const FAULT = { x1: 'from', x2: 'to', fill: '#e07b00', title: 'title' };

const shade = (spans: readonly Span[]) => Plot.rectX(spans, { ...FAULT, fillOpacity: 0.15 });

/** One lane for each target; faults that have room until the next one are named. */
function lanes(spans: readonly Span[], end: number): Plot.Markish[] {
  const named = spans.filter(({ target, from, what }) => {
    const later = spans.filter((other) => other.target === target && other.from > from);
    const room = Math.min(end, ...later.map((other) => other.from)) - from;
    return (room / end) * (WIDTH - LEFT) > what.length * LETTER_WIDTH;
  });
  return [
    Plot.barX(spans, { ...FAULT, y: 'target', fillOpacity: 0.6 }),
    Plot.text(named, { x: 'from', y: 'target', text: 'what', textAnchor: 'start', dx: 3 }),
  ];
}

const line = (values: readonly Point[]): Plot.Markish[] => [
  Plot.ruleY([0]),
  Plot.lineY(values, { x: 'at', y: 'value', stroke: 'what', title: 'what' }),
];

function plot(title: string, end: number, marks: Plot.Markish[]): string {
  const { document } = parseHTML('<html></html>');
  const drawn = Plot.plot({
    document,
    marks,
    width: WIDTH,
    marginLeft: LEFT,
    ...(title.startsWith('Faults') ? {} : { height: 200 }),
    x: { domain: [0, end], label: null, tickFormat: clock },
    y: { label: null, grid: true },
    color: { legend: true },
  });
  return `<h3>${title}</h3>\n${drawn.outerHTML}`;
}

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;
