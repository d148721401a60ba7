import { createServer } from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';

/** A span as OTLP's JSON has it, with the name of its service and its attributes as an object. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2 for an error. */
  readonly statusCode: number;
}

type Value = { stringValue?: string; intValue?: string | number; boolValue?: boolean };
type Attributes = { key: string; value: Value }[];
interface Request {
  readonly resourceSpans: {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: { readonly spans: (Omit<ReceivedSpan, 'attributes'> & Raw)[] }[];
  }[];
}
interface Raw {
  readonly attributes: Attributes;
  readonly status?: { readonly code?: number };
}

/**
 * Receives the traces of a suite, in OTLP over HTTP with JSON.
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export async function receiveTraces() {
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    const { resourceSpans } = JSON.parse((await buffer(request)).toString()) as Request;
    spans.push(...resourceSpans.flatMap(read));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    /** All spans that have arrived. */
    spans,
    /** The environment of a process that sends its traces here. */
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function read({ resource, scopeSpans }: Request['resourceSpans'][number]): ReceivedSpan[] {
  const service = String(toObject(resource.attributes)['service.name']);
  return scopeSpans.flatMap((scope) =>
    scope.spans.map(({ attributes, status, ...span }) => ({
      ...span,
      links: span.links ?? [],
      service,
      attributes: toObject(attributes),
      statusCode: status?.code ?? 0,
    })),
  );
}

const toObject = (attributes: Attributes = []): Record<string, unknown> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? Number(value.intValue),
    ]),
  );
