import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { InFlight } from './in-flight.ts';
import { Unavailable } from './problem.ts';

export interface OverloadLimits {
  readonly inFlight: InFlight;
  /** The most concurrent requests. */
  readonly maxInFlight: number;
  /** The most concurrent requests of one client address. */
  readonly maxInFlightPerClient?: number | undefined;
  /** Mean delay of the event loop over a second, in ms. */
  readonly maxEventLoopDelayMs: number;
  /** Whether another resource, such as the database pool, has a queue that is too long. */
  readonly saturated?: () => boolean;
}

const SAMPLE_MS = 1_000;
/** The resolution of the measurement, which is part of each measured delay. */
const RESOLUTION_MS = 10;

/**
 * Sheds load: answers 503 with `Retry-After` immediately, before anything is read or stored, when this
 * process cannot serve a request in time. Probes and metrics are always answered.
 */
export function shedOverload(server: FastifyInstance, limits: OverloadLimits): void {
  const { inFlight, maxInFlight, maxInFlightPerClient = Infinity, maxEventLoopDelayMs } = limits;
  const delayMs = measureEventLoop(server);
  /** @param places that a request has already, or 0 if it takes one now */
  const causeFor = (request: FastifyRequest, places: number): string | undefined => {
    const taken = 1 - places;
    if (request.url.startsWith('/actuator')) return undefined;
    if (inFlight.count + taken > maxInFlight) return 'too many concurrent requests';
    if (inFlight.of(request.ip) + taken > maxInFlightPerClient) {
      return 'too many concurrent requests of one client';
    }
    return undefined;
  };
  const refuse = (cause: string) =>
    new Unavailable(`Service overloaded (${cause}); nothing was stored.`, 'overloaded');

  server.addHook('onRequest', (request, _reply, done) => {
    const cause = causeFor(request, 0);
    if (cause !== undefined) done(refuse(cause));
    else if (request.url.startsWith('/actuator')) done();
    else if (limits.saturated?.()) done(refuse('too many requests wait for the database'));
    else if (delayMs() > maxEventLoopDelayMs) done(refuse('event loop delayed'));
    else done();
  });
  // again: the other requests whose bodies arrived at the same time may have taken the places
  server.addHook('preHandler', (request, _reply, done) => {
    const cause = causeFor(request, 1);
    done(cause === undefined ? undefined : refuse(cause));
  });
}

/** The mean delay of the event loop in the last second, in ms. A pause before the first sample does not count. */
function measureEventLoop(server: FastifyInstance): () => number {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let delayMs = 0;
  let first = true;
  const timer = setInterval(() => {
    const mean = histogram.count === 0 ? 0 : histogram.mean / 1e6 - RESOLUTION_MS;
    delayMs = first ? 0 : mean;
    first = false;
    histogram.reset();
  }, SAMPLE_MS);
  timer.unref();
  server.addHook('onClose', async () => {
    clearInterval(timer);
    histogram.disable();
  });
  return () => delayMs;
}
