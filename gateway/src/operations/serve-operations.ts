import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sse, { type SSEPluginOptions } from '@fastify/sse';
import { problem, sendProblem } from '@equipmgnt/http';
import type { Health } from '@equipmgnt/runtime';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify';
import { serveFolderPage } from '../folder-page.ts';
import type { Route } from '../routes.ts';
import { SuiteStateReader, type SuiteState } from './suite-state.ts';

const PAGES = join(import.meta.dirname, '../../pages/ops');
const EVERY_MS = 2_000;
/** Then the browser connects again, and its session is verified again. */
const LONGEST_MS = 5 * 60_000;
/** Streams of this process; each one holds a connection and a place among the requests in flight. */
const MOST_WATCHERS = 20;

/** Files of this server only, no inline scripts and styles. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join(';');

/**
 * Serves the operators' page at `/ops/`. The page has no data: those are at `/ops/state`, and as
 * server-sent events at `/ops/events`, for operators. The services are only asked while someone watches.
 */
export async function serveOperations(
  server: FastifyInstance,
  routes: readonly Route[],
  health: Health,
): Promise<void> {
  const reader = new SuiteStateReader(routes);
  const watched = new Watched(reader);
  server.addHook('onClose', () => reader.close());
  // in Node the import is the plugin; its types describe another module system
  const plugin = sse as unknown as FastifyPluginAsync<SSEPluginOptions>;
  await server.register(plugin, { heartbeatInterval: 0 });

  const file = (reply: FastifyReply, name: string) =>
    reply
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .sendFile(name, PAGES, { maxAge: 0 });
  serveFolderPage(server, '/ops', (reply) => file(reply, 'index.html'));
  server.get('/ops/ops.js', (_, reply) => file(reply, 'ops.js'));
  server.get('/ops/ops.css', (_, reply) => file(reply, 'ops.css'));
  server.get('/ops/state', () => watched.state());
  server.get('/ops/events', { sse: { kind: 'only', heartbeat: false } }, async (request, reply) => {
    if (watched.watchers >= MOST_WATCHERS) {
      const detail = `${MOST_WATCHERS} pages watch this process already.`;
      return sendProblem(reply, problem(503, 'overloaded', detail), request.url);
    }
    watched.watchers += 1;
    const end = performance.now() + LONGEST_MS;
    try {
      while (reply.sse.isConnected && !health.isStopping && performance.now() < end) {
        await reply.sse.send({ data: await watched.state() });
        await delay(EVERY_MS, undefined, { ref: false });
      }
    } finally {
      watched.watchers -= 1;
      reply.sse.close();
    }
  });
}

/** Reads the state at most once in an interval, however many pages watch. */
class Watched {
  watchers = 0;
  private latest: Promise<SuiteState> | undefined;
  private readAt = -Infinity;

  constructor(private readonly reader: SuiteStateReader) {}

  state(): Promise<SuiteState> {
    const now = performance.now();
    if (this.latest === undefined || now - this.readAt >= EVERY_MS / 2) {
      this.readAt = now;
      this.latest = this.reader.read();
    }
    return this.latest;
  }
}
