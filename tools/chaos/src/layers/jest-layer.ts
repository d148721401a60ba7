import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE, REPOSITORY, run } from '@equipmgnt/testing';
import { withoutOrders, type LayerResult } from '../run-record.ts';

export interface JestLayerOptions {
  readonly name: string;
  /** Which test files. */
  readonly pattern: string;
  readonly project: 'unit' | 'int';
  readonly seed: number;
  /** How many cases are to be tried; for the ledger. */
  readonly cases: number;
  /** The environment with the seed and the number of cases. */
  readonly env: Readonly<Record<string, string>>;
}

interface JestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs test files of the suite's own as a layer; what fails there is a difference here. */
export async function runTests(options: JestLayerOptions): Promise<LayerResult> {
  const { name, seed, cases } = options;
  const started = performance.now();
  const differences = failuresIn(await report(options));
  const seconds = Math.round((performance.now() - started) / 1_000);
  return { ...withoutOrders, name, seed, seconds, differences, counts: { cases } };
}

async function report({ pattern, project, env }: JestLayerOptions): Promise<JestReport> {
  const folder = await mkdtemp(join(tmpdir(), 'prove-'));
  const file = join(folder, 'report.json');
  const jest = join(REPOSITORY, 'node_modules/jest/bin/jest.js');
  const flags = ['--experimental-vm-modules', '--no-warnings', jest, '--selectProjects', project];
  const args = ['--testPathPatterns', pattern, '--runInBand', '--json', `--outputFile=${file}`];
  const ran = run(NODE, [...flags, ...args], { cwd: REPOSITORY, env: { ...process.env, ...env } });
  try {
    await ran.catch(() => undefined); // what it found is in its report
    return JSON.parse(await readFile(file, 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function failuresIn({ numPassedTests, testResults }: JestReport): string[] {
  const failures = testResults.flatMap(({ message, assertionResults }) => [
    ...(assertionResults.length === 0 ? [message] : []),
    ...assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join('\n')}`),
  ]);
  return numPassedTests === 0 && failures.length === 0 ? ['no test was run'] : failures;
}
