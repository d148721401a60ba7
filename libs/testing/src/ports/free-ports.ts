import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

export type PortState = 'free' | 'taken' | 'forbidden';

/** Whether this process can listen on a port of the loopback interface. */
export async function stateOf(port: number): Promise<PortState> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    return 'free';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'forbidden' : 'taken';
  } finally {
    server.close();
  }
}

// Below the ports that Linux (32768…) and macOS (49152…) give to outgoing connections. A client
// that retries a port of that range while nobody listens there can end up connected to itself.
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 1000;

/** Those that this process has been given: not free any more, though nobody may listen there yet. */
const given = new Set<number>();

/**
 * Chooses ports at random that are free at the moment, none of them twice.
 * @throws Error when no free ones are found.
 */
export async function freePorts(count: number): Promise<number[]> {
  const chosen = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && chosen.size < count; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (given.has(port)) continue;
    given.add(port);
    if ((await stateOf(port)) === 'free') chosen.add(port);
  }
  if (chosen.size < count) {
    throw new Error(`found only ${chosen.size} of ${count} free ports in ${LOWEST}…${HIGHEST}`);
  }
  return [...chosen];
}
