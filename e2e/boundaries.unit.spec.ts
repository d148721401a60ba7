import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';

/** Files that break a rule, by the name of the rule. Each file has one import. */
const violations: Record<string, Record<string, string>> = {
  'no-circular': {
    'services/order/src/application/hen.ts': './egg.ts',
    'services/order/src/application/egg.ts': './hen.ts',
  },
  'domain-alone': { 'services/order/src/domain/order.ts': '../outbound/rows.ts' },
  'application-on-domain': { 'services/order/src/application/place.ts': '../outbound/rows.ts' },
  'inbound-not-outbound': { 'services/order/src/inbound/controller.ts': '../outbound/rows.ts' },
  'outbound-not-inbound': { 'services/order/src/outbound/client.ts': '../inbound/controller.ts' },
  'services-meet-in-contracts': { 'services/mis/src/view.ts': '../../order/src/outbound/rows.ts' },
  'libs-floors': { 'libs/contracts/src/events.ts': '../../messaging/src/relay.ts' },
  'libs-through-their-index': {
    'services/mis/src/deep.ts': '../../../libs/messaging/src/relay.ts',
  },
  'use-cases-without-drivers': {
    'services/order/src/application/query.ts': '../../../../node_modules/typeorm/index.js',
  },
  'testing-from-tests': { 'libs/http/src/served.ts': '../../testing/src/index.ts' },
  'tools-apart': { 'tools/ops/src/ops.ts': '../../dev/start.ts' },
  'specs-without-tools': { 'gateway/src/main.int.spec.ts': '../../tools/dev/start.ts' },
  'product-without-tools': { 'gateway/src/main.ts': '../../tools/dev/start.ts' },
  resolvable: { 'services/mis/src/lost.ts': './nowhere.ts' },
};
const validFiles = [
  'services/order/src/outbound/rows.ts',
  'libs/messaging/src/relay.ts',
  'libs/testing/src/index.ts',
  'node_modules/typeorm/index.js',
  'tools/dev/start.ts',
];

/** The violations in a folder, each as the name of the rule and the file. */
async function violationsIn(folder: string): Promise<string[]> {
  const report = await new Promise<string>((done, fail) => {
    execFile(
      join(REPOSITORY, 'node_modules/.bin/depcruise'),
      [
        '--config',
        '.dependency-cruiser.cjs',
        '--output-type',
        'json',
        'libs',
        'services',
        'gateway',
        'tools',
      ],
      { cwd: folder, maxBuffer: 2 ** 26 },
      // the exit code is the number of violations, so an error alone is no failure
      (error, stdout) => (stdout === '' ? fail(error ?? new Error('no report')) : done(stdout)),
    );
  });
  const { summary } = JSON.parse(report);
  return summary.violations.map(
    ({ rule, from }: { rule: { name: string }; from: string }) => `${rule.name}: ${from}`,
  );
}

describe('The boundary check', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'boundaries-'));
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json']) {
      await cp(join(REPOSITORY, file), join(folder, file));
    }
    const files = [
      ...Object.values(violations).flatMap((byFile) => Object.entries(byFile)),
      ...validFiles.map((file) => [file, undefined] as const),
    ];
    for (const [file, imported] of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      const line = imported === undefined ? '' : `import '${imported}';\n`;
      await writeFile(join(folder, file), `${line}export {};\n`);
    }
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('finds a violation of every rule', async () => {
    const found = await violationsIn(folder);
    for (const [rule, byFile] of Object.entries(violations)) {
      // of the files in a cycle, the report names one
      const named = Object.keys(byFile).map((file) => `${rule}: ${file}`);
      expect(named.filter((violation) => found.includes(violation))).not.toEqual([]);
    }
  });

  it('has a test violation for every rule', async () => {
    const config = await import(join(REPOSITORY, '.dependency-cruiser.cjs'));
    const rules = new Set(config.default.forbidden.map(({ name }: { name: string }) => name));
    // needs installed packages, which the temporary folder does not have
    rules.delete('declared-dependencies');
    expect([...rules].sort()).toEqual(Object.keys(violations).sort());
  });
});
