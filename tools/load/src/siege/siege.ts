import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, REPOSITORY, run } from '@equipmgnt/testing';
import { parseSiege, type SiegeReport } from './report.ts';

export interface SiegeRun {
  /** How many concurrent users, and for how long. */
  readonly users: number;
  readonly seconds: number;
  /** The longest random pause of a user before each request, in seconds. */
  readonly delaySeconds?: number;
  readonly url: string;
  /** The JSON body of each POST. */
  readonly body: string;
}

export interface LocalSiege extends SiegeRun {
  /** The program, from siegeProgram(). */
  readonly program: string;
  /** Receives each line that siege prints. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** siege's configuration, here and in the cluster. */
const SIEGERC = join(REPOSITORY, 'k8s/load/siegerc');

/** siege's time limit for one request, from its configuration. */
export const SIEGE_TIMEOUT_SECONDS = 30;

/** How long after its time siege is ended, because 4.0.7 may hang then, e.g. under immediate answers. */
export const OVERTIME_SECONDS = 60;

/** Siege hung after its time, so its figures are lost. */
export class SiegeHung extends Error {
  override readonly name = 'SiegeHung';

  constructor(options?: ErrorOptions) {
    super('siege hung after its time and was ended', options);
  }
}

// timeout ended siege, or had to kill it
const HUNG = /^timeout failed \((exit code (124|137)|SIGKILL)\)/;

/** The body of the classic command line: numbers as strings, and no quantity, so it is 1. */
export const CLASSIC_BODY = '{"orderId":"1","equipmentId":"1"}';

/** The arguments of the classic command line. */
export const siegeArguments = ({
  users,
  seconds,
  delaySeconds = 0,
  url,
  body,
}: SiegeRun): string[] => [
  `-c${users}`,
  `-t${seconds}S`,
  ...(delaySeconds === 0 ? [] : [`-d${delaySeconds}`]),
  '-v',
  '--content-type',
  'application/json',
  `${url} POST ${body}`,
];

/**
 * Runs siege against an address.
 * @returns what siege measured
 * @throws SiegeHung if it exceeds its time limit, and Error with its last lines if it fails
 */
export async function siege(options: LocalSiege): Promise<SiegeReport> {
  const { program, seconds, onLine, signal } = options;
  const home = await mkdtemp(join(tmpdir(), 'siege-')); // for siege's configuration and cookies
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
    if (HUNG.test(error.message)) throw new SiegeHung({ cause: error });
    const last = error.output.trim().split('\n').slice(-10).join('\n');
    throw new Error(`siege failed. Its last lines:\n${last}`, { cause: error });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
