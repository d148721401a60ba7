import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { problem, sendProblem } from './problem.ts';

/**
 * Makes sure that `request.protocol` and `request.host` are an address, since links begin with them:
 * 400 where the caller or a trusted proxy sends something else. Who may leave out the host (HTTP/1.0)
 * is taken to mean the address that it is connected to.
 */
export function checkHost(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    request.raw.headers.host ||= addressOf(request.raw.socket);
    if (/^https?$/.test(request.protocol) && isHost(request.host)) return done();
    const detail = 'Host, or X-Forwarded-Host and -Proto, do not make an address.';
    sendProblem(reply, problem(400, 'bad-host', detail), request.url);
  });
}

const addressOf = ({ localAddress = '', localPort }: Socket): string =>
  `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;

/** A name or an address, and maybe a port; RFC 3986 allows further characters, which no host has. */
const isHost = (text: string): boolean =>
  /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.test(text) && URL.canParse(`http://${text}`);
