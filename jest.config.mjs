import { readFileSync } from 'node:fs';

const { jsc, module } = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url)));
const swc = {
  swcrc: false,
  jsc: { ...jsc, rewriteRelativeImportExtensions: false },
  module,
  sourceMaps: 'inline',
};

const project = (displayName, testMatch, more = {}) => ({
  displayName,
  testMatch,
  testEnvironment: 'node',
  // workspace packages are loaded from their sources, so no test needs a build of them
  testEnvironmentOptions: { customExportConditions: ['@equipmgnt/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  modulePathIgnorePatterns: ['/dist/', '/.local/', '/.nx/'],
  ...more,
});

/** PostgreSQL, MariaDB and Kafka, started once for all tests that use them. */
const servers = {
  globalSetup: '<rootDir>/libs/testing/src/jest/global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/jest/global-teardown.ts',
  setupFiles: ['<rootDir>/libs/testing/src/jest/silence-nest-logs.ts'],
};

/** One file at a time, after all other files: these tests need the machine for themselves. */
const serial = { ...servers, runner: '<rootDir>/libs/testing/src/jest/serial-runner.mjs' };

// The fault campaigns, the generated requests and the installation tests, which take minutes each.
const LONG = ['first-start', 'mesh-breaker', 'mutants', 'prove', 'schemathesis', 'upgrade'];

/**
 * unit: no process, no network. int: the real databases and broker. e2e: the whole suite.
 * long: `npm run test:long`; the simulation runs there again, with more seeds.
 */
export default {
  // a limit for a test that hangs, not a performance goal
  testTimeout: 180_000,
  projects: [
    project('unit', ['<rootDir>/**/*.unit.spec.ts']),
    project('int', ['<rootDir>/**/*.int.spec.ts'], servers),
    project('e2e', ['<rootDir>/e2e/**/*.e2e.spec.ts'], {
      ...serial,
      testPathIgnorePatterns: LONG.map((name) => `/e2e/${name}\\.e2e\\.spec\\.ts$`),
    }),
    project(
      'long',
      [
        `<rootDir>/e2e/(${LONG.join('|')}).e2e.spec.ts`,
        '<rootDir>/e2e/simulation/simulation.unit.spec.ts',
      ],
      serial,
    ),
  ],
};
