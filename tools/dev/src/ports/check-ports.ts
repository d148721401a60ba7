import { SetupError, stateOf, type PortState } from '@equipmgnt/testing';
import { portOwner, type PortOwner } from './port-owner.ts';

export interface WantedPort {
  readonly port: number;
  /** Who wants it. */
  readonly name: string;
  /** The environment variable that moves it elsewhere. */
  readonly variable: string;
}

/**
 * Checks that all wanted ports are free.
 * @throws SetupError that tells for each other port who has it and what to do.
 */
export async function checkPorts(wanted: readonly WantedPort[]): Promise<void> {
  const complaints = await Promise.all(
    wanted.map(async (want) => {
      const state = await stateOf(want.port);
      return state === 'free' ? [] : [complaint(want, state, await portOwner(want.port))];
    }),
  );
  if (complaints.flat().length === 0) return;
  throw new SetupError(['Not all ports are free:', ...complaints.flat()].join('\n'));
}

function complaint(want: WantedPort, state: PortState, owner: PortOwner | undefined): string {
  const head = `  ${want.port}, wanted by ${want.name}, `;
  if (state === 'forbidden') {
    return `${head}needs root. Choose one above 1023: ${want.variable}=${want.port + 10_000}`;
  }
  const elsewhere = `or use another port: ${want.variable}=${want.port + 100}`;
  return owner?.pid === undefined
    ? `${head}is taken by a process of another user. Stop it, ${elsewhere}`
    : `${head}is taken by pid ${owner.pid}: ${owner.command ?? 'unknown'}\n` +
        `    Stop it with: kill ${owner.pid} — ${elsewhere}`;
}
