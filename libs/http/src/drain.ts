import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Health } from '@equipmgnt/runtime';
import type { InFlight } from './in-flight.ts';

const CHECK_EVERY_MS = 50;

/**
 * How long a client of this suite leaves a connection unused and still sends a request on it; below
 * the servers' `CONNECTION_DRAIN_MS`.
 */
export const REUSE_WITHIN_MS = 3_000;

export interface Draining {
  readonly health: Health;
  readonly inFlight: InFlight;
  /** How long connections that nobody uses are left to their clients. */
  readonly connectionsMs: number;
}

/**
 * Ends connections in good order when this process stops.
 *
 * From the first moment of stopping on, every answer ends its connection, so that clients go
 * elsewhere with the next request. A connection that is not in use is not closed at once: a request
 * may be on its way, and would be lost. Its client uses it, or gives it up, before long; only then
 * does the server stop listening.
 *
 * What is left is closed when no request is in hand: Node counts a connection that was opened but
 * never used, as connection pools and proxies keep them, not as idle, and would wait for its first
 * request.
 */
export function drainWhenStopping(server: FastifyInstance, draining: Draining): void {
  const { health, inFlight, connectionsMs } = draining;
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (health.isStopping) void reply.header('connection', 'close');
    done();
  });
  server.addHook('preClose', async () => {
    const end = performance.now() + connectionsMs;
    while (performance.now() < end && (await connections(server)) > 0) await sleep(CHECK_EVERY_MS);
    const timer = setInterval(() => {
      if (inFlight.count === 0) server.server.closeAllConnections();
    }, CHECK_EVERY_MS);
    server.server.once('close', () => clearInterval(timer));
  });
}

const connections = ({ server }: FastifyInstance): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
