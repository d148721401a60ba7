import type { IncomingHttpHeaders } from 'node:http';
import replyFrom from '@fastify/reply-from';
import { problem, RETRY_AFTER_S, REUSE_WITHIN_MS, sendProblem } from '@equipmgnt/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Pool } from 'undici';
import { endToEnd } from './headers.ts';
import type { Route } from './routes.ts';
import { faultOf } from './target.ts';

const CONNECT_TIMEOUT_MS = 2_000;
/** Errors of the HTTP client, and of the system below it. */
const OF_CONNECTION = /^(UND_ERR_\w+|E[A-Z]+)$/;

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
    const pool = poolFor(route, limits);
    // by then every caller has its answer; what callers gave up must not delay the stop
    server.addHook('onClose', () => pool.destroy());
    await server.register(replyFrom, {
      base: route.url,
      disableRequestLogging: true,
      undici: pool,
    });
    nameServiceInLog(server, route.service);
    readBodyWhole(server);
    answerForBrokenBodies(server, route.service);
    const forward = (request: FastifyRequest, reply: FastifyReply, target: string) => {
      // counts what callers gave up, too, until the service is done with it
      if (pool.stats.size >= limits.maxInFlight) {
        void reply.header('retry-after', RETRY_AFTER_S);
        return refuse(
          reply,
          503,
          'overloaded',
          `${route.service} has too much to do at the moment.`,
        );
      }
      return reply.from(target, {
        ...(Buffer.isBuffer(request.body) && {
          body: request.body,
          contentType: request.headers['content-type'] ?? 'application/octet-stream',
        }),
        rewriteRequestHeaders: (_, headers) => forwarded(request, headers),
        rewriteHeaders: endToEnd,
        onError: (_, { error }) => fail(reply, route.service, error),
        retryDelay: () => null,
      });
    };
    for (const [prefix, target] of Object.entries(route.prefixes)) {
      const handle = (request: FastifyRequest, reply: FastifyReply) => {
        const path = request.url.split('?', 1)[0] ?? '';
        const fault = faultOf(path, prefix);
        if (fault !== undefined) return refuse(reply, 400, 'bad-path', fault);
        if (route.methods?.includes(request.method) === false) {
          const allow = route.methods.join(', ');
          void reply.header('allow', allow);
          return refuse(reply, 405, 'method-not-allowed', `${prefix} allows only ${allow}.`);
        }
        return forward(request, reply, target + path.slice(prefix.length));
      };
      server.all(prefix, handle);
      server.all(`${prefix}/*`, handle);
    }
  };
}

/** A connection for each request that is let through, so that none waits for another one's end. */
const poolFor = (route: Route, limits: ProxyLimits): Pool =>
  new Pool(route.url, {
    connections: limits.maxInFlight,
    pipelining: 1,
    keepAliveTimeout: REUSE_WITHIN_MS,
    keepAliveMaxTimeout: REUSE_WITHIN_MS,
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });

/** The proxy library logs each failure with a long stack of its own, and without the service. */
function nameServiceInLog(server: FastifyInstance, service: string): void {
  const err = ({ code, message }: NodeJS.ErrnoException) => ({ code, message });
  const log = server.log.child({ service }, { serializers: { err } });
  server.setChildLoggerFactory(() => log);
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

/**
 * A service that dies between the head and the body of its answer is its own fault, not one of ours;
 * once some of the body is through, the caller's connection is cut.
 */
function answerForBrokenBodies(server: FastifyInstance, service: string): void {
  server.setErrorHandler<NodeJS.ErrnoException>((error, request, reply) => {
    const ofService = OF_CONNECTION.test(error.code ?? '') && !request.raw.readableAborted;
    if (!ofService) throw error;
    request.log.warn({ err: error }, 'response broke off');
    fail(reply, service, error);
  });
}

/** What the service needs to know of the request as the caller made it. */
function forwarded(request: FastifyRequest, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { 'content-length': length, ...rest } = endToEnd(headers);
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

/** Answers for a service that does not; the proxy library has logged why. */
function fail(reply: FastifyReply, service: string, error: Error): void {
  const { code = error.message } = (error.cause ?? error) as { code?: string };
  if (/TIMEOUT/.test(code)) {
    refuse(reply, 504, 'service-timeout', `${service} did not answer in time.`);
  } else {
    refuse(reply, 502, 'service-unavailable', `${service} cannot be reached at the moment.`);
  }
}

const refuse = (reply: FastifyReply, status: number, code: string, detail: string): FastifyReply =>
  sendProblem(reply, problem(status, code, detail), reply.request.url);
