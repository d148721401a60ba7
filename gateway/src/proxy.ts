import replyFrom from '@fastify/reply-from';
import { problem, RETRY_AFTER_S, REUSE_WITHIN_MS, sendProblem } from '@equipmgnt/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Route } from './routes.ts';

const CONNECT_TIMEOUT_MS = 2_000;

export interface ProxyLimits {
  /** How long a service may take to answer, in ms. */
  readonly timeoutMs: number;
  /** Requests to one service at once. */
  readonly maxInFlight: number;
}

/**
 * Passes requests on to one service, through a connection pool of its own: a service that is dead or
 * slow takes nothing away from the others. Nothing is ever sent twice.
 */
export function proxy(route: Route, limits: ProxyLimits) {
  return async (server: FastifyInstance): Promise<void> => {
    await server.register(replyFrom, {
      base: route.url,
      disableRequestLogging: true,
      undici: {
        connections: limits.maxInFlight,
        pipelining: 1,
        keepAliveTimeout: REUSE_WITHIN_MS,
        keepAliveMaxTimeout: REUSE_WITHIN_MS,
        headersTimeout: limits.timeoutMs,
        bodyTimeout: limits.timeoutMs,
        connect: { timeout: CONNECT_TIMEOUT_MS },
      },
    });
    readBodyWhole(server);
    let inFlight = 0;
    const forward = (target: string) => (request: FastifyRequest, reply: FastifyReply) => {
      if (inFlight >= limits.maxInFlight) {
        void reply.header('retry-after', RETRY_AFTER_S);
        return refuse(
          reply,
          503,
          'overloaded',
          `${route.service} has too much to do at the moment.`,
        );
      }
      inFlight += 1;
      reply.raw.once('close', () => (inFlight -= 1));
      return reply.from(target, {
        ...(Buffer.isBuffer(request.body) && {
          body: request.body,
          contentType: request.headers['content-type'] ?? 'application/octet-stream',
        }),
        rewriteRequestHeaders: (_, headers) => forwarded(request, headers),
        onError: (_, { error }) => fail(reply, route.service, error),
        retryDelay: () => null,
      });
    };
    for (const [prefix, target] of Object.entries(route.prefixes)) {
      server.all(prefix, forward(target));
      server.all<{ Params: { '*': string } }>(`${prefix}/*`, (request, reply) => {
        const path = request.url.split('?', 1)[0] ?? '';
        return forward(target + path.slice(prefix.length))(request as FastifyRequest, reply);
      });
    }
  };
}

/**
 * Bodies are small, so each is read before its service is asked: one that is too large is refused
 * here, and a slow client keeps no service waiting.
 */
function readBodyWhole(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
}

type Headers = Record<string, string | string[] | undefined>;

/** What the service needs to know of the request as the caller made it. */
function forwarded(request: FastifyRequest, headers: Headers): Headers {
  const { 'content-length': length, ...rest } = headers;
  return {
    ...rest,
    // the body of a GET is not passed on, so neither is its length
    ...(request.method !== 'GET' && request.method !== 'HEAD' && { 'content-length': length }),
    'x-forwarded-for': request.ip,
    'x-forwarded-host': request.host,
    'x-forwarded-proto': request.protocol,
    'x-request-id': request.correlation.requestId,
    traceparent: request.correlation.traceparent,
  };
}

/** The error of the proxy library, with that of the connection as its cause. */
function fail(reply: FastifyReply, service: string, error: Error): void {
  const { code = error.message } = (error.cause ?? error) as { code?: string };
  reply.log.warn({ service, code }, 'service does not answer');
  if (/TIMEOUT/.test(code)) {
    refuse(reply, 504, 'service-timeout', `${service} did not answer in time.`);
  } else {
    refuse(reply, 502, 'service-unavailable', `${service} cannot be reached at the moment.`);
  }
}

const refuse = (reply: FastifyReply, status: number, code: string, detail: string): FastifyReply =>
  sendProblem(reply, problem(status, code, detail), reply.request.url);
