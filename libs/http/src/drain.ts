import { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Health } from '@equipmgnt/runtime';
import type { InFlight } from './in-flight.ts';

const CHECK_EVERY_MS = 50;
/** Of the time for stopping; the rest is for closing the databases. */
const SHARE_FOR_CLIENTS = 0.85;

/**
 * How long a client of this suite may leave a connection idle before it sends another request on it;
 * below the servers' `CONNECTION_DRAIN_MS`.
 */
export const REUSE_WITHIN_MS = 3_000;

export interface Draining {
  readonly health: Health;
  readonly inFlight: InFlight;
  /** How long idle connections stay open for their clients. */
  readonly connectionsMs: number;
  /** How long the process may take to stop. */
  readonly shutdownMs: number;
}

/**
 * Closes connections without losing a request when this process stops.
 *
 * While the process stops, every answer closes its connection, so that clients send the next request
 * to another replica. An idle connection is not closed immediately: a request may be on its way and
 * would be lost. Its client uses it or closes it soon; only then does the server stop listening.
 *
 * Other connections are closed when every answer is sent, or shortly before the process must end: a
 * client that reads slowly does not prevent an orderly stop. Connection pools and proxies keep
 * connections that they have never used; Node does not count those as idle and would wait for their
 * first request.
 */
export function drainWhenStopping(server: FastifyInstance, draining: Draining): void {
  const { health, inFlight, connectionsMs, shutdownMs } = draining;
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (health.isStopping) void reply.header('connection', 'close');
    done();
  });
  server.addHook('preClose', async () => {
    health.stop(); // if the application is closed without a signal
    const end = performance.now() + connectionsMs;
    while (performance.now() < end && (await connections(server)) > 0) await sleep(CHECK_EVERY_MS);
    // Stops listening, but not as HTTP servers do: they also close connections whose answers are not sent.
    Server.prototype.close.call(server.server);
    const isLate = () => health.stoppingForMs() > SHARE_FOR_CLIENTS * shutdownMs;
    while (inFlight.open > 0 && !isLate()) await sleep(CHECK_EVERY_MS);
    server.server.closeAllConnections();
  });
}

const connections = ({ server }: FastifyInstance): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
