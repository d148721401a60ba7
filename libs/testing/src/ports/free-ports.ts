import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import getPort, { portNumbers } from 'get-port';

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

// Below the ports that Linux (32768…) and macOS (49152…) use for outgoing connections. A client
// that retries a port of that range while no server listens there can connect to itself.
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Returns ports that are free at the moment, and never again in this process. */
export async function freePorts(count: number): Promise<number[]> {
  // A random start, because concurrent processes would otherwise choose the same ports.
  const candidates = () => portNumbers(randomInt(LOWEST, HIGHEST - 1000), HIGHEST);
  const ports: number[] = [];
  while (ports.length < count) {
    ports.push(await getPort({ port: candidates(), host: '127.0.0.1', reserve: true }));
  }
  return ports;
}
