import type { FastifyInstance } from 'fastify';

/** Parameters that tools add to any link: cache busters, campaigns, click ids of advertisements. */
const ADDED_BY_TOOLS = /^(_|utm_\w+|\w*clid)$/;

/** Removes query parameters that mean nothing to any API. Schemas refuse all others that they do not know. */
export function ignoreParameters(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const query = request.query as Record<string, unknown>;
    for (const name of Object.keys(query)) if (ADDED_BY_TOOLS.test(name)) delete query[name];
    done();
  });
}
