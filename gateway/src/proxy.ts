import type { IncomingHttpHeaders } from 'node:http';
import replyFrom from '@fastify/reply-from';
import { traceHeaders } from '@equipmgnt/runtime';
import { problem, RETRY_AFTER_S, REUSE_WITHIN_MS, sendProblem } from '@equipmgnt/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Pool } from 'undici';
import { endToEnd } from './headers.ts';
import type { Route } from './routes.ts';
import { faultOf } from './target.ts';

const CONNECT_TIMEOUT_MS = 2_000;
/** Codes of errors of the HTTP client and of the operating system. */
const CONNECTION_ERROR = /^(UND_ERR_\w+|E[A-Z]+)$/;

export interface ProxyLimits {
  /** How long a service may take to answer, in ms. */
  readonly timeoutMs: number;
  /** Concurrent requests to one service. */
  readonly maxInFlight: number;
}

/**
 * Forwards requests to one service through its own connection pool, so that a service that is down or
 * slow does not affect the others. No request is sent twice.
 */
export function proxy(route: Route, limits: ProxyLimits) {
  return async (server: FastifyInstance): Promise<void> => {
    const pool = poolFor(route, limits);
    // By then every client has its answer. Requests that clients aborted must not delay the stop.
    server.addHook('onClose', () => pool.destroy());
    await server.register(replyFrom, {
      base: route.url,
      disableRequestLogging: true,
      undici: pool,
    });
    logServiceName(server, route.service);
    readWholeBody(server);
    handleIncompleteAnswers(server, route.service);
    const forward = (request: FastifyRequest, reply: FastifyReply, target: string) => {
      // A request that its client aborted counts until the service has finished with it.
      if (pool.stats.size >= limits.maxInFlight) {
        void reply.header('retry-after', RETRY_AFTER_S);
        return refuse(
          reply,
          503,
          'overloaded',
          `The service ${route.service} is overloaded (too many concurrent requests).`,
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

/** One connection for each allowed request, so that no request waits for another one to end. */
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

/** The proxy library logs each failure with its stack and without the name of the service. */
function logServiceName(server: FastifyInstance, service: string): void {
  const err = ({ code, message }: NodeJS.ErrnoException) => ({ code, message });
  const log = server.log.child({ service }, { serializers: { err } });
  server.setChildLoggerFactory(() => log);
}

/**
 * Bodies are small, so each one is read completely before it is forwarded. A body that is too large
 * is rejected here, and a slow client does not keep a service waiting.
 */
function readWholeBody(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
}

/**
 * A service that stops between the head and the body of its answer is a 502, not an error of the
 * gateway. If a part of the body was already forwarded, the connection of the client is closed.
 */
function handleIncompleteAnswers(server: FastifyInstance, service: string): void {
  server.setErrorHandler<NodeJS.ErrnoException>((error, request, reply) => {
    const fromService = CONNECTION_ERROR.test(error.code ?? '') && !request.raw.readableAborted;
    if (!fromService) throw error;
    request.log.warn({ err: error }, 'incomplete response from the service');
    fail(reply, service, error);
  });
}

/** The headers of a forwarded request, with the client, host and protocol of the original one. */
function forwarded(request: FastifyRequest, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { 'content-length': length, ...rest } = endToEnd(headers);
  return {
    ...rest,
    // The body of a GET is not forwarded, so its length is not either.
    ...(request.method !== 'GET' && request.method !== 'HEAD' && { 'content-length': length }),
    'x-forwarded-for': request.ip,
    'x-forwarded-host': request.host,
    'x-forwarded-proto': request.protocol,
    'x-forwarded-prefix': request.forwardedPrefix || undefined,
    'x-request-id': request.correlation.requestId,
    ...traceHeaders(request.correlation),
  };
}

/** Answers in place of a failed service. The proxy library has logged the reason. */
function fail(reply: FastifyReply, service: string, error: Error): void {
  const { code = error.message } = (error.cause ?? error) as { code?: string };
  if (/^E[MN]FILE$/.test(code)) {
    void reply.header('retry-after', RETRY_AFTER_S);
    refuse(reply, 503, 'overloaded', 'The gateway is overloaded (no file descriptors).');
  } else if (/TIMEOUT/.test(code)) {
    refuse(reply, 504, 'service-timeout', `The service ${service} did not answer in time.`);
  } else {
    refuse(reply, 502, 'service-unavailable', `The service ${service} is unavailable.`);
  }
}

const refuse = (reply: FastifyReply, status: number, code: string, detail: string): FastifyReply =>
  sendProblem(reply, problem(status, code, detail), reply.request.url);
