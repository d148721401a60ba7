import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '..');

/** Files that each break one rule, by the rule's name. The right-hand side is what they import. */
const planted: Record<string, Record<string, string>> = {
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
  'tools-apart': { 'tools/ops/src/main.ts': '../../dev/start.ts' },
  'specs-without-tools': { 'gateway/src/main.int.spec.ts': '../../tools/dev/start.ts' },
  'product-without-tools': { 'gateway/src/main.ts': '../../tools/dev/start.ts' },
  resolvable: { 'services/mis/src/lost.ts': './nowhere.ts' },
};
const innocent = [
  'services/order/src/outbound/rows.ts',
  'libs/messaging/src/relay.ts',
  'libs/testing/src/index.ts',
  'node_modules/typeorm/index.js',
  'tools/dev/start.ts',
];

/** The rules that are broken in a folder, each with the file that breaks it. */
async function broken(folder: string): Promise<string[]> {
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
      // it exits with the number of violations
      (error, stdout) => (stdout === '' ? fail(error ?? new Error('no report')) : done(stdout)),
    );
  });
  const { violations } = JSON.parse(report).summary;
  return violations.map(
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
      ...Object.values(planted).flatMap((byFile) => Object.entries(byFile)),
      ...innocent.map((file) => [file, undefined] as const),
    ];
    for (const [file, imported] of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      const line = imported === undefined ? '' : `import '${imported}';\n`;
      await writeFile(join(folder, file), `${line}export {};\n`);
    }
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('finds every planted violation', async () => {
    const found = await broken(folder);
    for (const [rule, byFile] of Object.entries(planted)) {
      // of files in a circle one is named
      const named = Object.keys(byFile).map((file) => `${rule}: ${file}`);
      expect(named.filter((violation) => found.includes(violation))).not.toEqual([]);
    }
  });

  it('knows every rule that is planted against, and no other', async () => {
    const config = await import(join(REPOSITORY, '.dependency-cruiser.cjs'));
    const rules = new Set(config.default.forbidden.map(({ name }: { name: string }) => name));
    // needs installed packages, which a planted folder has not
    rules.delete('declared-dependencies');
    expect([...rules].sort()).toEqual(Object.keys(planted).sort());
  });
});
