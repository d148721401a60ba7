import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { problem, sendProblem } from './problem.ts';

/**
 * Ensures that `request.protocol` and `request.host` form a URL, since links start with them: answers 400
 * if the client or a trusted proxy sends something else. A client that may omit the host (HTTP/1.0)
 * gets the address that it is connected to.
 */
export function checkHost(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    request.raw.headers.host ||= addressOf(request.raw.socket);
    if (/^https?$/.test(request.protocol) && isHost(request.host)) return done();
    const detail = 'Host, or X-Forwarded-Host and X-Forwarded-Proto, do not form a valid URL.';
    sendProblem(reply, problem(400, 'bad-host', detail), request.url);
  });
}

const addressOf = ({ localAddress = '', localPort }: Socket): string =>
  `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;

/** A name or an address, with an optional port; RFC 3986 allows more characters, which no host has. */
const isHost = (text: string): boolean =>
  /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.test(text) && URL.canParse(`http://${text}`);
