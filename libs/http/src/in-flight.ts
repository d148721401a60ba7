import type { FastifyInstance } from 'fastify';

/** How many requests are in hand at the moment. */
export interface InFlight {
  readonly count: number;
}

/** Counts requests from their arrival to the end of their answer, or of their connection. */
export function countInFlight(server: FastifyInstance): InFlight {
  const inFlight = { count: 0 };
  server.addHook('onRequest', (_request, reply, done) => {
    inFlight.count += 1;
    // 'close' comes once for every response, also for one whose client went away
    reply.raw.once('close', () => (inFlight.count -= 1));
    done();
  });
  return inFlight;
}
