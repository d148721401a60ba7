import { events, isEventType } from '@equipmgnt/contracts';
import {
  endSpans,
  inOneOf,
  isSampled,
  isTracing,
  startSpanIn,
  traceparentOf,
} from '@equipmgnt/runtime';
import { ROOT_CONTEXT, SpanKind, trace, type Span } from '@opentelemetry/api';

/** An event, as far as its span shows it. */
interface TracedEvent {
  readonly type: string;
  /** Its Kafka key. */
  readonly key: string;
  readonly traceparent?: string | null | undefined;
}

/**
 * Publishes rows. Each is a span of its own trace, which its message then continues.
 * @param publish gets the rows with the traces for their messages
 */
export async function tracePublishing<Row extends TracedEvent & { readonly topic: string }, Result>(
  rows: readonly Row[],
  publish: (rows: readonly Row[]) => Promise<Result>,
): Promise<Result> {
  if (!isTracing()) return publish(rows);
  const spans: Span[] = [];
  const traced = rows.map((row) => {
    const span = start('send', row, { topic: row.topic, together: rows.length });
    if (span === undefined) return row;
    spans.push(span);
    return { ...row, traceparent: traceparentOf(span) };
  });
  return withSpans(spans, () => publish(traced));
}

/**
 * Handles events. Each is a span of its own trace; what the handler does is shown in one of them, and the
 * others have a link to it.
 * @param handle gets the traces for the events that it causes, by their Kafka key
 */
export async function traceHandling(
  topic: string,
  received: readonly TracedEvent[],
  handle: (traceparentByKey: ReadonlyMap<string, string>) => Promise<void>,
): Promise<void> {
  const traceparentByKey = new Map<string, string>();
  const spans: Span[] = [];
  const isOn = isTracing();
  for (const event of received) {
    const span = isOn ? start('process', event, { topic, together: received.length }) : undefined;
    if (span) spans.push(span);
    const traceparent = traceparentOf(span) ?? event.traceparent;
    if (traceparent) traceparentByKey.set(event.key, traceparent);
  }
  if (spans.length === 0) return handle(traceparentByKey);
  const contexts = spans.map((span) => trace.setSpan(ROOT_CONTEXT, span));
  return withSpans(spans, () => inOneOf(contexts, () => handle(traceparentByKey)));
}

/**
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/kafka/
 * @param together events of the same batch
 */
function start(
  operation: 'send' | 'process',
  { type, key, traceparent }: TracedEvent,
  { topic, together }: { readonly topic: string; readonly together: number },
): Span | undefined {
  if (!traceparent || !isSampled(traceparent)) return undefined;
  const name = type.split('.')[1] ?? type;
  const attributes = {
    'messaging.system': 'kafka',
    'messaging.operation.type': operation,
    'messaging.destination.name': topic,
    'messaging.kafka.message.key': key,
    'messaging.batch.message_count': together,
    ...(isEventType(type) && events[type].key === 'orderId' && { 'order.id': key }),
  };
  const kind = operation === 'send' ? SpanKind.PRODUCER : SpanKind.CONSUMER;
  return startSpanIn(traceparent, `${operation} ${name}`, { kind, attributes });
}

async function withSpans<T>(spans: readonly Span[], work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    endSpans(spans);
    return result;
  } catch (error) {
    endSpans(spans, error);
    throw error;
  }
}
