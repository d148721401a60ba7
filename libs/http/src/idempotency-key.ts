import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { InvalidInput } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The `Idempotency-Key` that the handler uses; not set if the handler ignores the header. */
    idempotencyKey: string | undefined;
  }
}

const PATTERN = /^[\x21-\x7e]{1,255}$/;
/** A string as in RFC 8941: the form of the key in the draft of the IETF. */
const QUOTED = /^"(.*)"$/s;

/** Prepares requests for {@link IdempotencyKey}. */
export function keepIdempotencyKeys(server: FastifyInstance): void {
  server.decorateRequest('idempotencyKey');
}

/**
 * The `Idempotency-Key` header, if there is one, for a handler that has the effect of a request once
 * for all requests with the same key. A key in quotes is the same as without them. A key belongs to
 * the principal who sends it: behind a space, which no key contains, follows the principal's id.
 */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const sent = request.headers['idempotency-key'];
  if (sent === undefined) return undefined;
  const key = String(sent).replace(QUOTED, (_quoted, text: string) =>
    text.replace(/\\(["\\])/g, '$1'),
  );
  if (!PATTERN.test(key)) {
    const detail = 'expected one key of 1 to 255 visible ASCII characters, such as a UUID';
    throw new InvalidInput([{ in: 'header', pointer: '#/Idempotency-Key', detail }]);
  }
  const { principal } = request;
  request.idempotencyKey = principal ? `${key} ${principal.id}` : key;
  return request.idempotencyKey;
});

/** Whether a client may repeat the request safely. A key that the handler ignores does not count. */
export const isRepeatable = (request: FastifyRequest): boolean =>
  request.method !== 'POST' || request.idempotencyKey !== undefined;
