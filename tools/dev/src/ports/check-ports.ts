import { SetupError, stateOf, type PortState } from '@equipmgnt/testing';
import { portOwner, type PortOwner } from './port-owner.ts';

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
      return state === 'free' ? [] : [problemOf(want, state, await portOwner(want.port))];
    }),
  );
  if (problems.flat().length === 0) return;
  throw new SetupError(['Some ports cannot be used:', ...problems.flat()].join('\n'));
}

function problemOf(want: WantedPort, state: PortState, owner: PortOwner | undefined): string {
  const head = `  ${want.port} (for ${want.name}) `;
  if (state === 'forbidden') {
    return `${head}needs root. Use a port above 1023: ${want.variable}=${want.port + 10_000}`;
  }
  const alternative = `or use another port: ${want.variable}=${want.port + 100}`;
  return owner?.pid === undefined
    ? `${head}is in use by a process of another user. Stop it, ${alternative}`
    : `${head}is in use by pid ${owner.pid}: ${owner.command ?? 'unknown'}\n` +
        `    Stop it: kill ${owner.pid}, ${alternative}`;
}
