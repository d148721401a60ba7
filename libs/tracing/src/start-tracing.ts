import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import fastifyOtel from '@fastify/otel';
import { metrics, ProxyTracerProvider, trace, type Tracer } from '@opentelemetry/api';
import { MySQL2Instrumentation } from '@opentelemetry/instrumentation-mysql2';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';

/**
 * Starts the SDK of OpenTelemetry. Each request to this process is a span, and so is each request and
 * statement that it causes. Work without a request or an event, such as a health check, is none.
 */
export function startTracing(): void {
  // logs are lines of stdout; metrics are those of /actuator/prometheus, so no instrumentation measures
  process.env['OTEL_METRICS_EXPORTER'] = 'none';
  process.env['OTEL_LOGS_EXPORTER'] ??= 'none';
  const instrumentations = [
    new fastifyOtel.FastifyOtelInstrumentation({
      registerOnInitialization: true,
      // a sign-in has the issuer's code in its query
      ignorePaths: ({ url }) => /^\/(actuator|auth)(\/|$)/.test(url),
      instrumentHooks: false,
      instrumentHandler: false,
      requestHook: (span, { method, routeOptions }) =>
        span.updateName(`${method} ${routeOptions.url ?? 'unknown'}`),
    }),
    // before anything is done for a request without a span
    new UndiciInstrumentation({ ignoreRequestHook: () => trace.getActiveSpan() === undefined }),
    new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
    new MariadbInstrumentation({ maskStatement: true }), // its statements contain the values
  ];
  new NodeSDK({
    resource: resourceFromAttributes({
      'service.namespace': 'equipmgnt',
      'service.name': process.env['OTEL_SERVICE_NAME'] ?? nameOfMain(),
      'service.version': process.env['VERSION'] ?? 'development',
    }),
    instrumentations,
  }).start();
  metrics.disable();
  for (const each of instrumentations) each.setMeterProvider(metrics.getMeterProvider());
}

/** Of PostgreSQL there is an option for this, of MySQL there is none: only statements within a trace are spans. */
class MariadbInstrumentation extends MySQL2Instrumentation {
  protected override get tracer(): Tracer {
    return trace.getActiveSpan() === undefined ? NO_TRACER : super.tracer;
  }
}

const NO_TRACER = new ProxyTracerProvider().getTracer('none');

/** The service whose main script this process runs: `order` of the package `@equipmgnt/order`. */
function nameOfMain(): string {
  const main = createRequire(resolve(process.argv[1] ?? ''));
  return (main('../package.json') as { name: string }).name.split('/').at(-1)!;
}
