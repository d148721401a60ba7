import {
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Link,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api';

/**
 * Whether this process records traces. Without the SDK of OpenTelemetry, its API does nothing, but also
 * that costs time in the loops over events; only the SDK registers a propagator.
 */
export const isTracing = (): boolean => propagation.fields().length > 0;

/** The span of the current work as a `traceparent` of W3C trace context; undefined without one. */
export const activeTraceparent = (): string | undefined => traceparentOf(trace.getActiveSpan());

/** A span as a `traceparent` of W3C trace context; undefined if it has no ids. */
export function traceparentOf(span: Span | undefined): string | undefined {
  const ids = span?.spanContext();
  if (ids === undefined || !isSpanContextValid(ids)) return undefined;
  return `00-${ids.traceId}-${ids.spanId}-${ids.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The id of the trace of {@link contextOfRequest}, if it is recorded. */
export const recordedTraceId = (of: Context | undefined): string | undefined =>
  of && trace.getSpanContext(of)?.traceId;

/**
 * The context in which a request is handled: that of its span, or, if it is not sampled, one without a
 * span. Instrumentations then do nothing, instead of making spans that nobody records.
 */
export const contextOfRequest = (): Context =>
  trace.getActiveSpan()?.isRecording() ? context.active() : ROOT_CONTEXT;

/** Whether the sender of `traceparent` records its trace. */
export const isSampled = (traceparent: string): boolean =>
  (Number.parseInt(traceparent.slice(-2), 16) & TraceFlags.SAMPLED) !== 0;

/** Whether the current work has a span. */
export const hasSpan = (): boolean => trace.getActiveSpan() !== undefined;

/** Starts a span of the trace of `traceparent`. */
export const startSpanIn = (traceparent: string, name: string, options: SpanOptions): Span =>
  trace
    .getTracer('@equipmgnt')
    .startSpan(name, options, propagation.extract(ROOT_CONTEXT, { traceparent }));

/** Ends spans, with an error if there is one. */
export function endSpans(spans: Iterable<Span>, error?: unknown): void {
  for (const span of spans) {
    if (error !== undefined) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    }
    span.end();
  }
}

/**
 * Runs work that belongs to several traces, such as one statement for many requests. It is shown in
 * one of them, one that is recorded if there is any; the spans of the others get a link to it.
 * @param contexts one for each trace
 */
export function inOneOf<T>(contexts: readonly Context[], work: () => T): T {
  const recorded = contexts.filter((each) => trace.getSpan(each)?.isRecording());
  const [chosen = contexts[0] ?? ROOT_CONTEXT, ...others] = recorded;
  const owner = trace.getSpanContext(chosen);
  if (owner !== undefined) {
    const link: Link = { context: owner, attributes: { 'link.reason': 'handled together' } };
    for (const other of others) trace.getSpan(other)?.addLink(link);
  }
  return context.with(chosen, work);
}

/** Exports the spans that have ended. Without the SDK it does nothing. */
export async function flushTraces(): Promise<void> {
  const provider = trace.getTracerProvider() as { getDelegate?: () => object };
  const delegate = provider.getDelegate?.() as { forceFlush?: () => Promise<void> } | undefined;
  await delegate?.forceFlush?.();
}
