import { commandLine, SetupError, stateOf, type PortState } from '@equipmgnt/testing';
import { portOwner } from './port-owner.ts';

export interface WantedPort {
  readonly port: number;
  /** The process that needs it. */
  readonly name: string;
  /** The environment variable that sets another port. */
  readonly variable: string;
}

/**
 * Checks that all given ports are free.
 * @throws SetupError that names, for each port in use, its owner and a solution.
 */
export async function checkPorts(wanted: readonly WantedPort[]): Promise<void> {
  const problems = await Promise.all(
    wanted.map(async (want) => {
      const state = await stateOf(want.port);
      return state === 'free' ? [] : [await problemOf(want, state)];
    }),
  );
  if (problems.flat().length === 0) return;
  throw new SetupError(['Some ports cannot be used:', ...problems.flat()].join('\n'));
}

async function problemOf(want: WantedPort, state: PortState): Promise<string> {
  const head = `  ${want.port} (for ${want.name}) `;
  if (state === 'forbidden') {
    return `${head}needs root. Use a port above 1023: ${want.variable}=${want.port + 10_000}`;
  }
  const alternative = `or use another port: ${want.variable}=${want.port + 100}`;
  const pid = await portOwner(want.port);
  return pid === undefined
    ? `${head}is in use by a process of another user. Stop it, ${alternative}`
    : `${head}is in use by pid ${pid}: ${(await commandLine(pid)) ?? 'unknown'}\n` +
        `    Stop it: kill ${pid}, ${alternative}`;
}
