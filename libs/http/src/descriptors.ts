import { closeSync, openSync, readSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

/** Of the file descriptors of the process; the others are for databases, brokers, services and files. */
const SHARE_FOR_CLIENTS = 0.5;
/** The most connections with any limit; an idle one needs some 10 KiB. */
const MAX_CONNECTIONS = 4_096;
const CHECK_EVERY_MS = 1_000;
const LOG_EVERY_MS = 60_000;

/**
 * Keeps file descriptors for the work of the process: refuses connections beyond a share of its limit
 * (`ulimit -n`), and closes idle ones then. Connections that never send a request are closed by
 * Node after the time that a request may take.
 */
export function keepDescriptors(server: FastifyInstance): void {
  const limit = watchLimit();
  const http = server.server;
  let loggedAt = -Infinity;
  let relievedAt = -Infinity;
  const relieve = () => {
    const now = performance.now();
    if (now - relievedAt < CHECK_EVERY_MS) return;
    relievedAt = now;
    http.closeIdleConnections();
    if (now - loggedAt < LOG_EVERY_MS) return;
    loggedAt = now;
    const cause = `the process may open ${limit.value() ?? 'any number of'} files (ulimit -n)`;
    server.log.warn(`more than ${http.maxConnections} connections are refused: ${cause}`);
  };
  const adapt = () => {
    const share = Math.floor((limit.value() ?? Infinity) * SHARE_FOR_CLIENTS);
    http.maxConnections = Math.min(MAX_CONNECTIONS, Math.max(1, share));
    http.getConnections((_error, count) => {
      if (count > http.maxConnections) relieve(); // the limit was lowered
    });
  };
  adapt();
  const timer = setInterval(adapt, CHECK_EVERY_MS);
  timer.unref();
  http.on('drop', relieve);
  // a failed accept; without a listener it would end the process
  server.addHook('onListen', async () => {
    http.on('error', (error) => server.log.warn({ err: error }, 'a connection was not accepted'));
  });
  server.addHook('onClose', async () => {
    clearInterval(timer);
    limit.close();
  });
}

/**
 * The limit of open files, which can change while the process runs. The file stays open: when the limit is
 * reached, it could not be opened. Only Linux has it.
 */
function watchLimit(): { value(): number | undefined; close(): void } {
  const file = openIfExists('/proc/self/limits');
  if (file === undefined) return { value: () => undefined, close: () => undefined };
  const buffer = Buffer.alloc(4_096);
  return {
    value() {
      const text = buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
      const [, soft] = /^Max open files\s+(\d+)/m.exec(text) ?? [];
      return soft === undefined ? undefined : Number(soft);
    },
    close: () => closeSync(file),
  };
}

function openIfExists(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
