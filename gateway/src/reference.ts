import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import { asyncApiDocument } from '@equipmgnt/contracts';
import { OPENAPI_PATH } from '@equipmgnt/http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { eventsPage } from './events-page.ts';
import { serveFolderPage } from './folder-page.ts';

const FILES = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
/** Only these of the package are served. */
const SERVED = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Files of this server only. Swagger UI has inline styles and images in them, but no inline scripts. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join(';');

/** Its links are relative, for proxies that add a prefix to the path. */
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Equipment rental: API</title>
    <link rel="icon" href="favicon-32x32.png">
    <link rel="stylesheet" href="swagger-ui.css">
  </head>
  <body>
    <div id="reference"></div>
    <script src="swagger-ui-bundle.js"></script>
    <script src="start.js"></script>
  </body>
</html>
`;

const START = `window.ui = SwaggerUIBundle({
  url: '..${OPENAPI_PATH}',
  dom_id: '#reference',
  deepLinking: true,
  validatorUrl: null, // the default sends the document to another site
});
`;

/**
 * Serves the reference of the HTTP API, in which requests can be tried, at `/docs/`, and that of the
 * events at `/docs/events`. Everything that the pages need is served from here.
 */
export async function serveReference(server: FastifyInstance): Promise<void> {
  const events = eventsPage(asyncApiDocument());
  const page = (reply: FastifyReply, type: string, text: string) =>
    reply
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .type(`${type}; charset=utf-8`)
      .send(text);
  await server.register(fastifyStatic, { root: FILES, serve: false, maxAge: DAY_MS });
  serveFolderPage(server, '/docs', (reply) => page(reply, 'text/html', PAGE));
  server.get<{ Params: { '*': string } }>('/docs/*', (request, reply) => {
    const file = request.params['*'];
    if (file === 'start.js') return page(reply, 'text/javascript', START);
    if (file === 'events') return page(reply, 'text/html', events);
    if (SERVED.includes(file)) return reply.sendFile(file);
    return reply.callNotFound();
  });
}
