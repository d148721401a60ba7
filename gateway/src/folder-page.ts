import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * Serves a page at a path with a slash at its end, so that its links are relative to it, also behind a proxy
 * that adds a prefix. Without the slash, it redirects there.
 * @param path without the slash
 */
export function serveFolderPage(
  server: FastifyInstance,
  path: `/${string}`,
  page: (reply: FastifyReply) => FastifyReply,
): void {
  const withSlash = new RegExp(`^[^?]*${path}/(\\?|$)`);
  server.get(path, (request, reply) =>
    withSlash.test(request.url) ? page(reply) : reply.redirect(`${request.linkBase}${path}/`, 308),
  );
}
