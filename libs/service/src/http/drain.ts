import type { FastifyInstance } from 'fastify';
import type { Health } from '../health.ts';
import type { InFlight } from './in-flight.ts';

const CHECK_EVERY_MS = 50;

/**
 * Ends connections in good order when this process stops.
 *
 * From the first moment of stopping on, every answer ends its connection, so that clients go
 * elsewhere with the next request. Once no request is in hand any more, the rest is closed: Node
 * counts a connection that was opened but never used, as connection pools and proxies keep them, not
 * as idle, and would wait a minute for its first request.
 */
export function drainWhenStopping(
  server: FastifyInstance,
  health: Health,
  inFlight: InFlight,
): void {
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (health.isStopping) void reply.header('connection', 'close');
    done();
  });
  server.addHook('preClose', (done) => {
    const timer = setInterval(() => {
      if (inFlight.count === 0) server.server.closeAllConnections();
    }, CHECK_EVERY_MS);
    server.server.once('close', () => clearInterval(timer));
    done();
  });
}
