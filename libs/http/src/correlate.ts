import type { FastifyInstance } from 'fastify';
import { correlationOf, withCorrelation, type Correlation } from '@equipmgnt/runtime';

declare module 'fastify' {
  interface FastifyRequest {
    /** The request's correlation headers, the caller's or new ones. */
    correlation: Required<Pick<Correlation, 'requestId' | 'traceparent'>>;
  }
}

/** Takes up or makes `X-Request-Id` and `traceparent`, returns the first, and keeps both at hand. */
export function correlate(server: FastifyInstance): void {
  server.decorateRequest('correlation');
  server.addHook('onRequest', (request, reply, done) => {
    request.correlation = correlationOf(request.headers);
    void reply.header('x-request-id', request.correlation.requestId);
    withCorrelation(request.correlation, done);
  });
  // Entered anew after the body was read: its events come in the socket's context, not in ours.
  server.addHook('preHandler', (request, _reply, done) =>
    withCorrelation(request.correlation, done),
  );
}
