import type { Socket } from 'node:net';
import type { MetricsRegistry } from '@equipmgnt/runtime';
import type { FastifyInstance } from 'fastify';
import { Unavailable } from './problem.ts';

/** Requests of one connection whose answers are not sent; clients that pipeline at all send a few. */
const MAX_PER_CONNECTION = 16;
const CHECK_EVERY_MS = 1_000;
/** A client must read so much of its answers in this time, or its connection is closed. */
const STALLED_AFTER_MS = 10_000;
const LEAST_BYTES = 10 * 1024;

/**
 * Limits what one connection may hold: the number of its requests, and the time in which its client
 * reads the answers. Node limits the time in which a request arrives.
 */
export function limitConnections(server: FastifyInstance, metrics: MetricsRegistry): void {
  const pending = new WeakMap<Socket, number>();
  server.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    const requests = (pending.get(socket) ?? 0) + 1;
    pending.set(socket, requests);
    reply.raw.once('close', () => pending.set(socket, (pending.get(socket) ?? 1) - 1));
    if (requests <= MAX_PER_CONNECTION) return done();
    void reply.header('connection', 'close');
    done(
      new Unavailable(
        'Service overloaded (too many requests on one connection); nothing was stored.',
        'overloaded',
      ),
    );
  });
  const stalled = metrics.counter({
    name: 'http_server_stalled_connections_total',
    help: 'Connections that were closed because their clients did not read their answers',
  });
  closeStalled(server, () => stalled.inc());
}

/** What a connection has sent when its client was last seen to read. */
interface Progress {
  sent: number;
  at: number;
}

function closeStalled(server: FastifyInstance, onClosed: () => void): void {
  const progresses = new Map<Socket, Progress>();
  server.server.on('connection', (socket: Socket) => {
    progresses.set(socket, { sent: 0, at: performance.now() });
    socket.once('close', () => progresses.delete(socket));
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, progress] of progresses) {
      const sent = sentBy(socket);
      if (socket.writableLength === 0 || sent - progress.sent >= LEAST_BYTES) {
        Object.assign(progress, { sent, at: now });
      } else if (now - progress.at >= STALLED_AFTER_MS) {
        socket.destroy();
        onClosed();
      }
    }
  }, CHECK_EVERY_MS);
  timer.unref();
  server.server.once('close', () => clearInterval(timer));
}

/** Bytes that the kernel has taken; it takes no more while the client does not read. */
const sentBy = (socket: Socket): number => socket.bytesWritten - socket.writableLength;
