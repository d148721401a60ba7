export type { FastifyReply, FastifyRequest } from 'fastify';
export { Clock } from './clock.ts';
export { ConfigError, env, processConfig, readConfig, type ProcessConfig } from './config.ts';
export {
  currentCorrelation,
  isTraceparent,
  traceparentFor,
  withCorrelation,
  type Correlation,
} from './correlation.ts';
export { Health, type HealthReport } from './health.ts';
export { REUSE_WITHIN_MS } from './http/drain.ts';
export {
  baseUrl,
  halPage,
  halResource,
  type Hal,
  type HalPage,
  type Page,
  type PageRequest,
} from './http/hal.ts';
export { IdempotencyKey } from './http/idempotency-key.ts';
export { pageQuery } from './http/paging.ts';
export { InvalidInput, problem, RETRY_AFTER_S, sendProblem } from './http/problem.ts';
export { byId, resourceId, wholeNumber } from './http/validation.ts';
export { createLogger } from './logging.ts';
export { Pressure } from './pressure.ts';
export { createService, runService, type ServiceOptions } from './service.ts';
