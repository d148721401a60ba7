import type { FastifyInstance } from 'fastify';

/** The number of requests in flight. */
export interface InFlight {
  readonly count: number;
}

/** Counts a request from its arrival to the end of its answer or of its connection. */
export function countInFlight(server: FastifyInstance): InFlight {
  const inFlight = { count: 0 };
  server.addHook('onRequest', (_request, reply, done) => {
    inFlight.count += 1;
    // 'close' is emitted once for every response, also after the client has disconnected
    reply.raw.once('close', () => (inFlight.count -= 1));
    done();
  });
  return inFlight;
}
