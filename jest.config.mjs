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
  // workspace packages come from their sources, so no test needs a build
  testEnvironmentOptions: { customExportConditions: ['@equipmgnt/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  modulePathIgnorePatterns: ['/dist/', '/.local/', '/.nx/'],
  ...more,
});

/** PostgreSQL, MariaDB and Kafka, started once for all that need them. */
const servers = {
  globalSetup: '<rootDir>/libs/testing/src/jest/global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/jest/global-teardown.ts',
  setupFiles: ['<rootDir>/libs/testing/src/jest/silence-nest-logs.ts'],
};

/** unit: no process, no network. int: the real databases and broker. e2e: the whole suite. */
export default {
  // a limit for what hangs, not a measure of what is slow
  testTimeout: 180_000,
  projects: [
    project('unit', ['<rootDir>/**/*.unit.spec.ts']),
    project('int', ['<rootDir>/**/*.int.spec.ts'], servers),
    project('e2e', ['<rootDir>/e2e/**/*.e2e.spec.ts'], servers),
  ],
};
