export type { FastifyReply, FastifyRequest } from 'fastify';
export { REUSE_WITHIN_MS } from './drain.ts';
export { baseUrl, halPage, halResource, type Hal, type HalPage } from './hal.ts';
export { IdempotencyKey } from './idempotency-key.ts';
export { pageQuery } from './paging.ts';
export { InvalidInput, problem, RETRY_AFTER_S, sendProblem } from './problem.ts';
export { byId, oneOf, resourceId, wholeNumber } from './validation.ts';
export { runService } from './run-service.ts';
export { createService, type ServiceOptions } from './service.ts';
