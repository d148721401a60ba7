export { SignedIn } from './auth/authenticate.ts';
export { onlyOwn, ownedBy, requesterFilter, requesterOf } from './auth/requester.ts';
export type { Principal } from './auth/token-verifier.ts';
export type { FastifyReply, FastifyRequest } from 'fastify';
export { REUSE_WITHIN_MS } from './drain.ts';
export { halPage, halResource, type Hal, type HalPage } from './hal.ts';
export { IdempotencyKey } from './idempotency-key.ts';
export {
  answer,
  count,
  id,
  idempotencyKey,
  json,
  list,
  OPENAPI_PATH,
  pathId,
  read,
  refusal,
  requester,
  resource,
  time,
  type ApiPaths,
} from './openapi.ts';
export { pageQuery } from './paging.ts';
export { InvalidInput, problem, RETRY_AFTER_S, sendProblem } from './problem.ts';
export { text } from './text.ts';
export { byId, oneOf, resourceId, wholeNumber } from './validation.ts';
export { refuseReadOnlyChanges } from './read-only.ts';
export { runService } from './run-service.ts';
export { createService, type ServiceOptions } from './service.ts';
