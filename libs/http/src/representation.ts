import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';

const JSON_TYPE = 'application/json';
const HAL_JSON = 'application/hal+json';

/**
 * Gives each answer what its client and the caches on its way need: resources as `application/hal+json`
 * for a client that prefers it, an `ETag` with 304 for a client that has the same version already, and
 * `no-store`, because every answer shows the current state.
 */
export function describeAnswers(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    const isResource = String(reply.getHeader('content-type')).startsWith(JSON_TYPE);
    if (!isResource || typeof payload !== 'string') return done();
    void reply.header('vary', 'Accept');
    if (prefersHal(request)) void reply.header('content-type', HAL_JSON);
    if (!isRead(request) || reply.statusCode !== 200) return done();
    const etag = `"${createHash('sha1').update(payload).digest('base64url')}"`;
    void reply.header('etag', `W/${etag}`); // weak: both media types have the same one
    if (!isKnown(request.headers['if-none-match'], etag)) return done();
    void reply.code(304).removeHeader('content-type');
    done(null, '');
  });
}

const isRead = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD';

const prefersHal = (request: FastifyRequest): boolean =>
  new Negotiator(request).mediaType([JSON_TYPE, HAL_JSON]) === HAL_JSON;

/** Whether `If-None-Match` names this version (RFC 9110, 13.1.2). */
const isKnown = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((entry) => ['*', etag, `W/${etag}`].includes(entry.trim()));
