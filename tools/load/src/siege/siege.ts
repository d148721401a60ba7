import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, REPOSITORY, run } from '@equipmgnt/testing';
import { parseSiege, type SiegeReport } from './report.ts';

export interface SiegeRun {
  /** The program, from siegeProgram(). */
  readonly program: string;
  /** Concurrent users, and for how long. */
  readonly users: number;
  readonly seconds: number;
  /** Each user waits up to so long before each request, in seconds. */
  readonly delaySeconds?: number;
  readonly url: string;
  /** What is posted, as JSON. */
  readonly body: string;
  /** Receives each line that siege prints. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** How siege is configured, in the cluster as well. */
const SIEGERC = join(REPOSITORY, 'k8s/load/siegerc');

/** After how long siege gives a request up, as its configuration says. */
export const SIEGE_TIMEOUT_SECONDS = 30;

// Siege 4.0.7 hung once at the end of its time, under thousands of instant answers.
const OVERTIME_SECONDS = 60;

/** The body of the classic line: numbers in strings, and no quantity, which counts as 1. */
export const CLASSIC_BODY = '{"orderId":"1","equipmentId":"1"}';

/** The arguments of the classic line. */
export const siegeArguments = ({
  users,
  seconds,
  delaySeconds = 0,
  url,
  body,
}: Omit<SiegeRun, 'program'>): string[] => [
  `-c${users}`,
  `-t${seconds}S`,
  ...(delaySeconds === 0 ? [] : [`-d${delaySeconds}`]),
  '-v',
  '--content-type',
  'application/json',
  `${url} POST ${body}`,
];

/**
 * Lays siege to an address and returns what it measured.
 * @throws Error when siege does not come to its end, with what it printed.
 */
export async function siege(options: SiegeRun): Promise<SiegeReport> {
  const { program, seconds, onLine, signal } = options;
  const home = await mkdtemp(join(tmpdir(), 'siege-')); // for its configuration and its cookies
  try {
    await mkdir(join(home, '.siege'));
    await copyFile(SIEGERC, join(home, '.siege/siege.conf'));
    const command = [program, ...siegeArguments(options)];
    const limit = ['--kill-after=5', String(seconds + OVERTIME_SECONDS)];
    const output = await run('timeout', [...limit, ...command], {
      cwd: home,
      env: { ...process.env, HOME: home },
      ...(onLine && { onLine }),
      ...(signal && { signal }),
    });
    return parseSiege(output);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    const last = error.output.trim().split('\n').slice(-10).join('\n');
    throw new Error(`siege did not come to its end. Its last lines:\n${last}`, { cause: error });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
