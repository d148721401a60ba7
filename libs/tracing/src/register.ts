/**
 * Traces of this process: `node --import @equipmgnt/tracing main.js`. It must be loaded before the
 * libraries that it observes. It reads the standard OTEL_* variables. Without an endpoint or an exporter
 * among them it loads nothing more, so it costs nothing.
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
const { env } = process;
const exporter = env['OTEL_TRACES_EXPORTER'];
const endpoint =
  env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'] || exporter;

if (endpoint && exporter !== 'none' && env['OTEL_SDK_DISABLED'] !== 'true') {
  const { startTracing } = await import('./start-tracing.ts');
  startTracing();
}
