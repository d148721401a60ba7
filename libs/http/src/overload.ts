import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { InFlight } from './in-flight.ts';
import { Unavailable } from './problem.ts';

export interface OverloadLimits {
  readonly inFlight: InFlight;
  /** Requests in hand at once. */
  readonly maxInFlight: number;
  /** Mean delay of the event loop over a second, in ms. */
  readonly maxEventLoopDelayMs: number;
  /** Says whether something else, such as the database pool, has more waiting than it can serve. */
  readonly saturated?: () => boolean;
}

/**
 * Refuses requests at once, before anything is read or stored, when this process has more to do
 * than it can do in time: overload answers quickly (503 with `Retry-After`). Probes and metrics are
 * always answered.
 */
export async function shedOverload(server: FastifyInstance, limits: OverloadLimits): Promise<void> {
  const refuse = (what: string) =>
    new Unavailable(
      `Too much to do here at the moment (${what}); nothing was stored.`,
      'overloaded',
    );
  const exempt = (request: FastifyRequest) => request.url.startsWith('/actuator');

  server.addHook('onRequest', (request, _reply, done) => {
    if (exempt(request)) done();
    else if (limits.inFlight.count > limits.maxInFlight) done(refuse('requests in hand'));
    else if (limits.saturated?.()) done(refuse('database'));
    else done();
  });
  await server.register(underPressure, {
    maxEventLoopDelay: limits.maxEventLoopDelayMs,
    pressureHandler: async (request, _reply, _type, delayMs) => {
      const measured = delayMs !== Infinity; // a pause right after the start leaves nothing to measure
      if (measured && !exempt(request)) throw refuse('event loop');
    },
  });
}
