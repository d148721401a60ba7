import { type FastifyRequest, InvalidInput } from '@equipmgnt/service';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

const PATTERN = /^[\x21-\x7e]{1,255}$/;

/** The `Idempotency-Key` header, if there is one. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && PATTERN.test(key)) return key;
  const detail = 'expected one key of 1 to 255 visible ASCII characters, such as a UUID';
  throw new InvalidInput([{ in: 'header', pointer: '#/Idempotency-Key', detail }]);
});
