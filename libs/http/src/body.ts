import type { FastifyInstance } from 'fastify';
import { MalformedBody, problem, sendProblem } from './problem.ts';

/** Levels of arrays and objects; a resource of this suite has two. */
const MAX_DEPTH = 32;

const UTF_8 = new TextDecoder('utf-8', { fatal: true }); // it also skips a byte order mark

/**
 * Accepts bodies that are JSON (also as `application/…+json`, such as merge patches) in UTF-8; other
 * types and encodings are answered 415. Fastify alone would accept plain text, and replace bytes that
 * are not UTF-8 by U+FFFD.
 */
export function acceptJsonOnly(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    /^application\/(?:[\w.-]+\+)?json(?![\w.+-])/,
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      const text = decode(body);
      if (text === undefined) return done(new MalformedBody('The body is not valid UTF-8.'));
      void parse(request, text, (error, value) => {
        const fault = error ? undefined : faultOf(value);
        done(fault === undefined ? error : new MalformedBody(fault), value);
      });
    },
  );
  server.addHook('onRequest', (request, reply, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || /^identity$/i.test(encoding)) return done();
    const refusal = `Send the body without Content-Encoding, got ${encoding}.`;
    void reply.header('accept-encoding', 'identity'); // RFC 9110, 12.5.3
    sendProblem(reply, problem(415, 'unsupported-media-type', refusal), request.url);
  });
}

function decode(body: Buffer): string | undefined {
  try {
    return UTF_8.decode(body);
  } catch {
    return undefined;
  }
}

/** Why no handler may get a value: its text cannot be stored as UTF-8, or code that recurses would fail. */
function faultOf(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string' && !value.isWellFormed()) {
    return 'The body contains a half of a surrogate pair, which is no character.';
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_DEPTH) return `The body is nested more than ${MAX_DEPTH} levels deep.`;
  for (const [key, member] of Object.entries(value)) {
    const fault = faultOf(key) ?? faultOf(member, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
