import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { InFlight } from './in-flight.ts';
import { Unavailable } from './problem.ts';

export interface OverloadLimits {
  readonly inFlight: InFlight;
  /** The most concurrent requests. */
  readonly maxInFlight: number;
  /** Mean delay of the event loop over a second, in ms. */
  readonly maxEventLoopDelayMs: number;
  /** Whether another resource, such as the database pool, has a queue that is too long. */
  readonly saturated?: () => boolean;
}

/**
 * Sheds load: answers 503 with `Retry-After` immediately, before anything is read or stored, when this
 * process cannot serve a request in time. Probes and metrics are always answered.
 */
export async function shedOverload(server: FastifyInstance, limits: OverloadLimits): Promise<void> {
  const refuse = (cause: string) =>
    new Unavailable(`Service overloaded (${cause}); nothing was stored.`, 'overloaded');
  const exempt = (request: FastifyRequest) => request.url.startsWith('/actuator');

  server.addHook('onRequest', (request, _reply, done) => {
    if (exempt(request)) done();
    else if (limits.inFlight.count > limits.maxInFlight)
      done(refuse('too many concurrent requests'));
    else if (limits.saturated?.()) done(refuse('too many requests wait for the database'));
    else done();
  });
  await server.register(underPressure, {
    maxEventLoopDelay: limits.maxEventLoopDelayMs,
    pressureHandler: async (request, _reply, _type, delayMs) => {
      const measured = delayMs !== Infinity; // nothing is measured yet after a pause at the start
      if (measured && !exempt(request)) throw refuse('event loop delayed');
    },
  });
}
