import type { FastifyInstance, HTTPMethods } from 'fastify';
import { problem, sendProblem } from './problem.ts';

const METHODS: readonly HTTPMethods[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
];

/**
 * Answers 405 with `Allow` when a path exists, but not for this method; Fastify alone would answer 404.
 * Call it before the routes are registered, and `complete` after them.
 */
export function refuseOtherMethods(server: FastifyInstance): { complete(): void } {
  const allowed = new Map<string, Set<string>>();
  server.addHook('onRoute', ({ url, method }) => {
    const methods = allowed.get(url) ?? new Set<string>();
    for (const one of [method].flat()) methods.add(one);
    allowed.set(url, methods);
  });
  return {
    complete() {
      const routes = [...allowed]; // a copy: the routes added here reach the hook as well
      for (const [url, methods] of routes) {
        const others = METHODS.filter((method) => !methods.has(method));
        if (others.length === 0) continue;
        const allow = [...methods].join(', ');
        server.route({
          url,
          method: others,
          // before the body is parsed, which may have any type
          onRequest: (request, reply, _done) => {
            const refusal = problem(405, 'method-not-allowed', `Allowed methods: ${allow}.`);
            sendProblem(reply.header('allow', allow), refusal, request.url);
          },
          handler: () => undefined,
        });
      }
    },
  };
}
