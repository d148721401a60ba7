import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  LogController,
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { ProcessConfig } from '@equipmgnt/runtime';
import { acceptJsonOnly } from './body.ts';
import { originForm, refuseMalformed } from './malformed.ts';
import { problem, sendProblem } from './problem.ts';

/** The largest request body in bytes; an order is about 50. */
const BODY_LIMIT = 64 * 1024;
/** The longest time for a request to arrive; without it, a client that vanishes while sending would stay in flight. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How often Node checks that time. */
const CONNECTION_CHECK_MS = 1_000;

/** Fastify with this suite's limits, which answers also protocol errors with a problem. */
export function createAdapter(logger: Logger, config: ProcessConfig): FastifyAdapter {
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    childLoggerFactory: (parent: FastifyBaseLogger) => parent, // the logger itself adds the correlation
    logController: new LogController({ disableRequestLogging: true }), // see logRequests
    trustProxy: config.TRUSTED_PROXIES,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      headersTimeout: REQUEST_TIMEOUT_MS, // Node uses the longer of the two for the whole request
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
    },
    clientErrorHandler: refuseMalformed,
    rewriteUrl: originForm,
    routerOptions: { ignoreTrailingSlash: true },
    return503OnClosing: false, // requests on open connections are served to the end
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(reply, problem(400, 'bad-request', error.message), request.url);
    },
  });
  acceptJsonOnly(adapter.getInstance());
  return adapter;
}
