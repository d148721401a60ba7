import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes, randomUUID } from 'node:crypto';
import { activeTraceparent, hasSpan } from './tracing.ts';

/** The ids that connect all work for one request or one batch of messages. */
export interface Correlation {
  /** `X-Request-Id`: the client's or a new one; absent while messages are handled. */
  readonly requestId?: string;
  /** W3C trace context of the request. */
  readonly traceparent?: string;
  /** W3C trace context of each message of the current batch, by its Kafka key. */
  readonly traceparentByKey?: ReadonlyMap<string, string>;
}

const storage = new AsyncLocalStorage<Correlation>();

/** Runs `work`, and everything that it awaits, with a correlation. */
export const withCorrelation = <T>(correlation: Correlation, work: () => T): T =>
  storage.run(correlation, work);

/** The correlation of the current work; empty outside of {@link withCorrelation}. */
export const currentCorrelation = (): Correlation => storage.getStore() ?? {};

/**
 * The trace of an event that the current work causes: the request's trace, or, while a batch is handled,
 * the trace of the message with the same key.
 */
export function traceparentFor(key: string): string | undefined {
  const { traceparent, traceparentByKey } = currentCorrelation();
  return traceparent ?? traceparentByKey?.get(key);
}

// https://www.w3.org/TR/trace-context/#traceparent-header-field-values
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Whether `text` is a well-formed `traceparent` of W3C trace context. */
export const isTraceparent = (text: unknown): text is string =>
  typeof text === 'string' && TRACEPARENT.test(text);

/**
 * The headers by which a request to another service joins the trace of the current work. If that is
 * recorded, there are none: the instrumentation of the HTTP client adds them.
 */
export const traceHeaders = ({ traceparent }: Correlation): Record<string, string | undefined> => {
  if (hasSpan()) return { traceparent: undefined, tracestate: undefined };
  return traceparent === undefined ? {} : { traceparent };
};

/** The id of its trace, by which logs and traces are found. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);

/**
 * The client's correlation headers if they are well-formed, otherwise new ones. While this process records
 * traces, the trace is the one of its span.
 */
export function correlationOf(
  headers: Record<string, unknown>,
): Required<Pick<Correlation, 'requestId' | 'traceparent'>> {
  const requestId = headers['x-request-id'];
  const traceparent = headers['traceparent'];
  return {
    requestId:
      typeof requestId === 'string' && REQUEST_ID.test(requestId) ? requestId : randomUUID(),
    traceparent: activeTraceparent() ?? (isTraceparent(traceparent) ? traceparent : newTrace()),
  };
}

/** A trace of its own. */
const newTrace = (): string =>
  `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
