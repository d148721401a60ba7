export { ConfigError, env, processConfig, readConfig, type ProcessConfig } from './config.ts';
export {
  correlationOf,
  currentCorrelation,
  isTraceparent,
  traceHeaders,
  traceIdOf,
  traceparentFor,
  withCorrelation,
  type Correlation,
} from './correlation.ts';
export { Health, type HealthAnswer, type HealthReport } from './health.ts';
export type { ServiceIdentity } from './identity.ts';
export { createLogger } from './logging.ts';
export { MetricsRegistry } from './metrics-registry.ts';
export { Pressure } from './pressure.ts';
export {
  contextOfRequest,
  endSpans,
  flushTraces,
  inOneOf,
  isSampled,
  isTracing,
  recordedTraceId,
  startSpanIn,
  traceparentOf,
} from './tracing.ts';
