import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '@equipmgnt/testing';
import type { LayerResult } from '../run-record.ts';

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
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** A layer that is a test file of the suite's own; what fails there is a difference here. */
export async function jestLayer(options: JestLayerOptions): Promise<LayerResult> {
  const { name, pattern, project, seed, cases, env } = options;
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'prove-'));
  const file = join(folder, 'report.json');
  try {
    const args = ['--selectProjects', project, '--testPathPatterns', pattern, '--runInBand'];
    await runJest([...args, '--json', `--outputFile=${file}`], env);
    const report = JSON.parse(await readFile(file, 'utf8')) as JestReport;
    const failures = report.testResults.flatMap(({ message, assertionResults }) => [
      ...(assertionResults.length === 0 ? [message] : []),
      ...assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join('\n')}`),
    ]);
    if (report.numPassedTests === 0 && failures.length === 0) failures.push('no test was run');
    return {
      name,
      seed,
      seconds: Math.round((performance.now() - started) / 1_000),
      differences: failures,
      measures: [],
      counts: { cases },
      failedRequests: {},
      faults: [],
      samples: [],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function runJest(args: string[], env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((done, fail) => {
    const jest = join(REPOSITORY, 'node_modules/jest/bin/jest.js');
    const flags = ['--experimental-vm-modules', '--no-warnings', jest, ...args];
    const child = spawn(process.execPath, flags, {
      cwd: REPOSITORY,
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    child.once('error', fail);
    child.once('exit', () => done()); // what it found is in its report
  });
}
