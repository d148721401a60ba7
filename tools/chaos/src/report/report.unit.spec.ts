import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerResult, Measure, Sample } from '../run-record.ts';
import { proved, totalsOf, type Report } from './report.ts';
import { reportText } from './report-text.ts';
import { writeReport } from './write-report.ts';

const recovery: Measure = {
  name: 'service back to first success',
  value: 2_310,
  unit: 'ms',
  limit: 5_000,
  must: 'at most',
};

const sample = (at: number, acknowledged: number, processes: Sample['processes']): Sample => ({
  at,
  acknowledged,
  unknown: 0,
  lag: 7,
  outbox: 3,
  processes,
});

const chaos: LayerResult = {
  name: 'process chaos',
  seed: 42,
  seconds: 60.25,
  differences: [],
  measures: [recovery],
  counts: { acknowledged: 12_000, approved: 8_000, cancelled: 3_600, unitsOut: 20_000, kills: 1 },
  failedRequests: { 'POST 502 order cannot be reached at the moment.': 7 },
  faults: [{ what: 'SIGKILL order', target: 'order', from: 1_000, to: 2_500 }],
  samples: [sample(0, 0, { order: { memory: 2 ** 20 * 80, files: 40 } }), sample(2_000, 300, {})],
};

const simulation: LayerResult = {
  name: 'simulation',
  seed: 7,
  seconds: 31,
  differences: [],
  measures: [],
  faults: [],
  counts: { cases: 10_000 },
  failedRequests: {},
  samples: [],
};

const reportOf = (...layers: LayerResult[]): Report => ({
  startedAt: '2026-01-02T03:04:05.000Z',
  seed: 42,
  options: { orders: 12_000, only: 'chaos' },
  layers,
});

const lines = (count: number) => Array.from({ length: count }, (_, i) => `order ${i} is lost`);

describe('totalsOf', () => {
  it('adds up what the layers counted', () => {
    const { entries } = totalsOf([chaos, simulation, chaos]);
    expect(Object.fromEntries(entries)).toEqual({
      'Orders acknowledged': 24_000,
      'Orders approved': 16_000,
      'Orders cancelled': 7_200,
      'Orders rejected': undefined,
      'Units out': 40_000,
      'Units back': undefined,
    });
  });
});

describe('proved', () => {
  it.each<[what: string, layers: LayerResult[], expected: boolean]>([
    ['without differences and within the thresholds', [simulation, chaos], true],
    ['with a difference', [simulation, { ...chaos, differences: lines(1) }], false],
    ['beyond a threshold', [{ ...chaos, measures: [{ ...recovery, value: 5_001 }] }], false],
    [
      'with a figure that was never reached',
      [{ ...chaos, measures: [{ ...recovery, value: NaN }] }],
      false,
    ],
    [
      'without what does not apply',
      [{ ...chaos, measures: [{ ...recovery, value: NaN, notApplicable: 'too short' }] }],
      true,
    ],
    ['without any layer', [], false],
  ])('%s', (_, layers, expected) => {
    expect(proved(reportOf(...layers))).toBe(expected);
  });
});

describe('reportText', () => {
  it('lists the faults and reports that nothing is wrong', () => {
    expect(reportText(reportOf(simulation, chaos))).toBe(`\
Proof that all invariants hold, 2026-01-02T03:04:05.000Z
Again with: npm run prove -- --seed 42 --orders 12000 --only chaos

  Orders acknowledged   12,000
  Orders approved        8,000
  Orders cancelled       3,600
  Orders rejected            -
  Units out             20,000
  Units back                 -
  Differences                0

✓ simulation: seed 7, 31.0 s, 0 faults
  cases 10,000
  0 differences

✓ process chaos: seed 42, 60.3 s, 1 fault
  acknowledged 12,000, approved 8,000, cancelled 3,600, units out 20,000, kills 1
  7 failed requests, sent again until answered:
    7 × POST 502 order cannot be reached at the moment.
  ✓ service back to first success   2,310 ms   at most 5,000 ms
  0 differences

PASSED: all invariants hold, 0 differences, 1 measure within the thresholds.
`);
  });

  it('lists the first 20 differences', () => {
    const measures: Measure[] = [
      { ...recovery, value: Infinity },
      { name: 'drain', value: 1.5, unit: 'ratio', limit: 2, must: 'at least' },
      { name: 'failed', value: 1_000, unit: 'count', limit: 2_000, must: 'at most' },
    ];
    const text = reportText(reportOf({ ...chaos, measures, differences: lines(23) }));
    expect(text).toContain('✗ process chaos');
    expect(text).toContain('  ✗ service back to first success   never   at most 5,000 ms\n');
    expect(text).toContain('  ✗ drain                           1.50×   at least 2.00×\n');
    expect(text).toContain('  ✓ failed                          1,000   at most 2,000\n');
    expect(text).toContain('  23 differences:\n    order 0 is lost\n');
    expect(text).toContain('    order 19 is lost\n    and 3 more\n');
    expect(text.trimEnd().split('\n').at(-1)).toBe(
      'FAILED: some invariants do not hold, 23 differences, 2 of 3 measures beyond the thresholds.',
    );
  });

  it('says why a threshold does not apply', () => {
    const notApplicable = 'the samples span 4 s';
    const text = reportText(
      reportOf({ ...chaos, measures: [recovery, { ...recovery, value: NaN, notApplicable }] }),
    );
    expect(text).toContain(
      '  – service back to first success   not applicable   the samples span 4 s\n',
    );
    expect(text.trimEnd().split('\n').at(-1)).toBe(
      'PASSED: all invariants hold, 0 differences, 1 measure within the thresholds, 1 not applicable.',
    );
  });

  it('does not take nothing for a proof', () => {
    expect(reportText(reportOf())).toContain('FAILED: no layer was run, so nothing is proved.');
  });
});

describe('writeReport', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'report-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const written = async (report: Report) => {
    const { json, html } = await writeReport(join(directory, 'new'), report);
    return { json: await readFile(json, 'utf8'), html: await readFile(html, 'utf8') };
  };

  it('keeps everything in the JSON file', async () => {
    const report = reportOf(simulation, { ...chaos, differences: lines(30) });
    expect(JSON.parse((await written(report)).json)).toEqual(report);
  });

  it('keeps a figure that was never reached, which JSON has no number for', async () => {
    const { json } = await written(
      reportOf({ ...chaos, measures: [{ ...recovery, value: Infinity }] }),
    );
    expect(json).toContain('"value": "Infinity"');
  });

  it('shows the figures on the page', async () => {
    const { html } = await written(reportOf(simulation, chaos));
    expect(html).toMatch(/Orders acknowledged +12,000\n/);
    expect(html).toMatch(/Differences +0\n?</);
    expect(html).toContain('>PASSED: all invariants hold');
    expect(html).toContain('2,310 ms');
    expect(html).toContain('npm run prove -- --seed 42 --orders 12000');
  });

  it('draws the timelines, with the faults', async () => {
    const { html } = await written(reportOf(simulation, chaos));
    expect(html.match(/<h3>.*?<\/h3>/g)).toEqual([
      '<h3>Throughput</h3>',
      '<h3>Faults, by target</h3>',
      '<h3>Waiting</h3>',
      '<h3>Resident memory, MiB</h3>',
      '<h3>Open files</h3>',
    ]);
    expect(html.match(/<title>SIGKILL order, 1\.5 s<\/title>/g)).toHaveLength(5);
    for (const what of ['acknowledged per second', 'not yet known', 'outboxes']) {
      expect(html).toContain(what);
    }
  });

  it('says on the page why a threshold does not apply', async () => {
    const notApplicable = 'the samples span 4 s';
    const { html } = await written(
      reportOf({ ...chaos, measures: [{ ...recovery, notApplicable }] }),
    );
    expect(html).toContain('not applicable   the samples span 4 s');
  });

  it('lets no text become part of the page', async () => {
    const evil = `</script><img src=x onerror="alert('&')">`;
    const faults = [{ what: evil, target: evil, from: 0, to: 1 }];
    const measures = [{ ...recovery, name: evil }];
    const layer = { ...chaos, name: evil, differences: [evil], faults, measures };
    const { html } = await written({ ...reportOf(layer), options: { only: evil } });
    expect(html).not.toContain('<img');
    expect(html).toContain(
      '    &#60;/script&#62;&#60;img src=x onerror=&#34;alert(&#39;&#38;&#39;)&#34;&#62;',
    );
    expect(html).not.toContain('</script>');
  });

  it('needs no network', async () => {
    const { html } = await written(reportOf(chaos));
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<(link|img|iframe)|\ssrc=|@import|url\(/);
  });

  it('shows a part of very many differences, and says so', async () => {
    const { html } = await written(reportOf({ ...chaos, differences: lines(1_234) }));
    expect(html.match(/is lost/g)).toHaveLength(1_000);
    expect(html).toContain('and 234 more');
  });
});
