import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { problem, PROBLEM_JSON } from './problem.ts';

/**
 * The path and query of a request target: clients of a proxy send a whole URL (RFC 9112, 3.2.2), which
 * every server must accept.
 */
export const originForm = ({ url = '/' }: IncomingMessage): string =>
  url.replace(/^https?:\/\/[^/?#]*\/?/i, '/');

/**
 * Answers malformed HTTP, headers that are too large or headers that do not arrive with a problem. The
 * rest of the connection's data cannot be parsed, so the connection is closed.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const refusal = refusalOf(error.code);
    const body = JSON.stringify(refusal);
    socket.write(
      `HTTP/1.1 ${refusal.status} ${refusal.title}\r\nContent-Type: ${PROBLEM_JSON}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy();
}

function refusalOf(code: string | undefined) {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem(408, 'request-timeout', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return problem(431, 'headers-too-large', 'The headers are larger than this service accepts.');
    default:
      return problem(400, 'malformed-request', 'This is not a valid HTTP/1.1 request.');
  }
}
