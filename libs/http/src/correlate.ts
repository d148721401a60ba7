import { context, type Context } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import {
  contextOfRequest,
  correlationOf,
  withCorrelation,
  type Correlation,
} from '@equipmgnt/runtime';

declare module 'fastify' {
  interface FastifyRequest {
    /** The request's correlation headers: the client's, or new ones. */
    correlation: Required<Pick<Correlation, 'requestId' | 'traceparent'>>;
    /** The trace of the request, if it is recorded. */
    trace?: Context;
  }
}

/** Reads or creates `X-Request-Id` and `traceparent`; the answer carries the first. Logs and events use both. */
export function correlate(server: FastifyInstance): void {
  server.decorateRequest('correlation');
  server.decorateRequest('trace');
  server.addHook('onRequest', (request, reply, done) => {
    request.correlation = correlationOf(request.headers);
    request.trace = contextOfRequest();
    void reply.header('x-request-id', request.correlation.requestId);
    context.with(request.trace, () => withCorrelation(request.correlation, done));
  });
  // again after the body was read: the events of the body run in the socket's async context
  server.addHook('preHandler', (request, _reply, done) =>
    context.with(request.trace ?? context.active(), () =>
      withCorrelation(request.correlation, done),
    ),
  );
}
