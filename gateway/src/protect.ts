import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { HttpException, HttpStatus } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { GatewayConfig } from './gateway.config.ts';

const HALF_A_YEAR_S = 180 * 24 * 60 * 60;
const MINUTE_MS = 60_000;
/** Clients whose requests are counted at the same time; the one that was quiet longest is forgotten. */
const MAX_COUNTED = 50_000;

/** What the edge adds to every route: headers for browsers, and a limit of requests. */
export async function protect(
  server: FastifyInstance,
  config: Pick<GatewayConfig, 'CORS_ORIGINS' | 'RATE_LIMIT_PER_MINUTE'>,
): Promise<void> {
  await server.register(helmet, {
    // The answers are data: a browser that shows one must load nothing and be in no frame.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Other services of the domain may not use TLS.
    hsts: { maxAge: HALF_A_YEAR_S, includeSubDomains: false },
  });
  if (config.CORS_ORIGINS.length > 0) {
    await server.register(cors, {
      origin: config.CORS_ORIGINS,
      methods: ['GET', 'HEAD', 'POST', 'PATCH'],
      exposedHeaders: ['Location', 'ETag', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    });
  }
  if (config.RATE_LIMIT_PER_MINUTE > 0) {
    await server.register(rateLimit, {
      max: config.RATE_LIMIT_PER_MINUTE,
      timeWindow: MINUTE_MS,
      cache: MAX_COUNTED,
      allowList: ({ url }) => url.startsWith('/actuator'), // probes
      hook: 'preParsing', // after sign-in, before the body is read
      keyGenerator: ({ principal, ip }) => principal?.id ?? `address ${ip}`,
      enableDraftSpec: true,
      errorResponseBuilder: (_, { max, after }) =>
        new HttpException(
          `More than ${max} requests in a minute. Try again in ${after}.`,
          HttpStatus.TOO_MANY_REQUESTS,
        ),
    });
  }
}
