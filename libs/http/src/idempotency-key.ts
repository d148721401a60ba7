import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { InvalidInput } from './problem.ts';

const PATTERN = /^[\x21-\x7e]{1,255}$/;

const withKey = new WeakSet<FastifyRequest>();

/**
 * The `Idempotency-Key` header, if there is one, for a handler that does what it is asked once for
 * all requests with the same key.
 */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !PATTERN.test(key)) {
    const detail = 'expected one key of 1 to 255 visible ASCII characters, such as a UUID';
    throw new InvalidInput([{ in: 'header', pointer: '#/Idempotency-Key', detail }]);
  }
  withKey.add(request);
  return key;
});

/** Whether the same request once more does no harm; a key that no handler asked for is no help. */
export const isRepeatable = (request: FastifyRequest): boolean =>
  request.method !== 'POST' || withKey.has(request);
