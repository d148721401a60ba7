import { asyncApiDocument } from '@equipmgnt/contracts';
import { OPENAPI_PATH } from '@equipmgnt/http';
import type { FastifyInstance } from 'fastify';
import type { Route } from './routes.ts';

const FETCH_TIMEOUT_MS = 2_000;
/** How long a service's document is used before it is read again. */
const FRESH_MS = 60_000;

/** The parts of a service's document that the gateway merges. */
interface ServiceDocument {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly security: unknown;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Serves the AsyncAPI document of all events. */
export function serveAsyncApi(server: FastifyInstance): void {
  const document = asyncApiDocument();
  server.get('/asyncapi.json', () => Promise.resolve(document));
}

/**
 * Serves one OpenAPI document for all services: theirs, without the operations that the gateway does not
 * forward. While a service does not answer, its last document is used; if there is none, the description
 * names the service.
 */
export function mergeOpenApi(server: FastifyInstance, routes: readonly Route[]): void {
  const sources = routes.map((route) => new Source(route));
  server.get(OPENAPI_PATH, async (request, reply) => {
    const documents = await Promise.all(sources.map((source) => source.read()));
    const missing = routes.filter((_, index) => documents[index] === undefined);
    const found = documents.filter((document) => document !== undefined);
    if (found.length === 0) void reply.code(503);
    return {
      openapi: found[0]?.openapi ?? '3.1.1',
      info: {
        title: 'Equipment rental',
        version: found[0]?.info.version ?? 'unknown',
        ...(missing.length > 0 && {
          description: `Without ${missing.map(({ service }) => service).join(', ')}: unavailable.`,
        }),
      },
      servers: [{ url: request.linkBase || '/' }],
      security: found[0]?.security ?? [],
      paths: Object.assign({}, ...found.map(({ paths }) => paths)),
      components: merged(found.map(({ components }) => components)),
    };
  });
}

class Source {
  private document: ServiceDocument | undefined;
  private readAt = -Infinity;

  constructor(private readonly route: Route) {}

  async read(): Promise<ServiceDocument | undefined> {
    if (performance.now() - this.readAt < FRESH_MS) return this.document;
    try {
      const url = this.route.url.replace(/\/$/, '') + OPENAPI_PATH;
      const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
      if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
      this.document = this.forwarded((await answer.json()) as ServiceDocument);
      this.readAt = performance.now();
    } catch {
      // the next request tries again
    }
    return this.document;
  }

  private forwarded(document: ServiceDocument): ServiceDocument {
    const { methods } = this.route;
    const paths = Object.entries(document.paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).filter(([method]) => methods?.includes(method.toUpperCase()) ?? true),
      ),
    ]);
    return { ...document, paths: Object.fromEntries(paths) };
  }
}

/** The components of all documents. Those with the same name are equal. */
function merged(all: readonly ServiceDocument['components'][]): Record<string, object> {
  const kinds = new Set(all.flatMap((components) => Object.keys(components)));
  return Object.fromEntries(
    [...kinds].map((kind) => [kind, Object.assign({}, ...all.map((each) => each[kind]))]),
  );
}
