/** A part of a trace: a request, a statement, or an event that was sent or handled. */
export interface TraceSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly service: string;
  readonly name: string;
  /** Microseconds since 1970. */
  readonly start: number;
  /** Microseconds. */
  readonly duration: number;
}

const ANSWER_WITHIN_MS = 3_000;
/** One for each request about an order: its placement, its cancellation. */
const MOST_TRACES = 10;

/**
 * The traces of an order, from Jaeger at JAEGER_URL, or else from Zipkin at ZIPKIN_URL, by default that of
 * `npm start -- --observe`.
 * @returns the spans of all of them; undefined if neither answers
 * @throws Error when the one that a variable names does not answer
 */
export async function readTraces(
  orderId: number,
  environment: NodeJS.ProcessEnv,
): Promise<TraceSpan[] | undefined> {
  const { JAEGER_URL: jaeger, ZIPKIN_URL: zipkin } = environment;
  if (jaeger) return (await ask<JaegerAnswer>(jaegerQuery(jaeger, orderId))).data.flatMap(ofJaeger);
  if (zipkin) return (await ask<ZipkinSpan[][]>(zipkinQuery(zipkin, orderId))).flat().map(ofZipkin);
  return readTraces(orderId, { ZIPKIN_URL: 'http://127.0.0.1:9411' }).catch(() => undefined);
}

async function ask<Answer>(url: string): Promise<Answer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch(
    (error: Error) => {
      throw new Error(`${new URL(url).origin} does not answer: ${error.message}`, { cause: error });
    },
  );
  if (!answer.ok) throw new Error(`${new URL(url).origin} answers ${answer.status}`);
  return (await answer.json()) as Answer;
}

const zipkinQuery = (address: string, orderId: number): string =>
  `${address}/api/v2/traces?annotationQuery=${encodeURIComponent(`order.id=${orderId}`)}&limit=${MOST_TRACES}`;

interface ZipkinSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly name?: string;
  readonly timestamp?: number;
  readonly duration?: number;
  readonly localEndpoint?: { readonly serviceName?: string };
}

const ofZipkin = (span: ZipkinSpan): TraceSpan => ({
  traceId: span.traceId,
  id: span.id,
  ...(span.parentId && { parentId: span.parentId }),
  service: span.localEndpoint?.serviceName ?? 'unknown',
  name: span.name ?? '',
  start: span.timestamp ?? 0,
  duration: span.duration ?? 0,
});

const jaegerQuery = (address: string, orderId: number): string => {
  const tags = JSON.stringify({ 'order.id': String(orderId) });
  return `${address}/api/traces?service=order&tags=${encodeURIComponent(tags)}&limit=${MOST_TRACES}`;
};

interface JaegerTrace {
  readonly spans: readonly {
    readonly traceID: string;
    readonly spanID: string;
    readonly processID: string;
    readonly operationName: string;
    readonly startTime: number;
    readonly duration: number;
    readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

interface JaegerAnswer {
  readonly data: readonly JaegerTrace[];
}

const ofJaeger = ({ spans, processes }: JaegerTrace): TraceSpan[] =>
  spans.map((span) => {
    const parent = span.references.find(({ refType }) => refType === 'CHILD_OF');
    return {
      traceId: span.traceID,
      id: span.spanID,
      ...(parent && { parentId: parent.spanID }),
      service: processes[span.processID]?.serviceName ?? 'unknown',
      name: span.operationName,
      start: span.startTime,
      duration: span.duration,
    };
  });

/** The traces as trees, a line for each span: when it began in its trace, how long it took, what it was. */
export function treesOf(spans: readonly TraceSpan[]): string[] {
  const byStart = spans.toSorted((a, b) => a.start - b.start);
  const lines: string[] = [];
  for (const [traceId, trace] of Map.groupBy(byStart, (span) => span.traceId)) {
    const ids = new Set(trace.map(({ id }) => id));
    const begin = trace[0]?.start ?? 0;
    const add = (span: TraceSpan, depth: number) => {
      const after = `+${ms(span.start - begin)}`.padStart(12);
      const what = `${'  '.repeat(depth)}${span.service}: ${span.name}`;
      lines.push(`  ${after} ${ms(span.duration).padStart(11)}  ${what}`);
      for (const child of trace) if (child.parentId === span.id) add(child, depth + 1);
    };
    lines.push(`trace ${traceId}`);
    for (const root of trace) if (!ids.has(root.parentId ?? '')) add(root, 0);
  }
  return lines;
}

const ms = (microseconds: number): string => `${(microseconds / 1_000).toFixed(1)} ms`;
