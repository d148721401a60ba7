import { build as histogram, type Histogram } from 'hdr-histogram-js';
import { Pool } from 'undici';

/** What the clients saw. Latencies are in ms. */
export interface LoadResult {
  readonly accepted: number;
  /** Answers by status; 0 is no answer. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly seconds: number;
  /** The body of each request. */
  readonly body: () => string;
  /** Called with the body of each accepted order. */
  readonly onAccepted?: (text: string) => void;
}

const US = 1_000;
const MOST_CONNECTIONS = 512;

/** Each client sends its next request when it has its answer. */
export function closedLoop(clients: number, options: LoadOptions): Promise<LoadResult> {
  return withRecorder(clients, options, async (send) => {
    const end = performance.now() + options.seconds * 1_000;
    const client = async () => {
      while (performance.now() < end) await send(performance.now());
    };
    await Promise.all(Array.from({ length: clients }, client));
  });
}

/**
 * Requests start at a constant rate, whatever the answers do, and a latency counts from the time at
 * which its request was due. So a pause of the suite shows in all requests that it delays.
 */
export function openLoop(perSecond: number, options: LoadOptions): Promise<LoadResult> {
  return withRecorder(MOST_CONNECTIONS, options, async (send) => {
    const start = performance.now();
    const total = Math.round(perSecond * options.seconds);
    const sent: Promise<void>[] = [];
    while (sent.length < total) {
      const due = start + (sent.length * 1_000) / perSecond;
      const early = due - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      else sent.push(send(due));
    }
    await Promise.all(sent);
  });
}

type Send = (dueAt: number) => Promise<void>;

async function withRecorder(
  connections: number,
  { url, body, onAccepted }: LoadOptions,
  run: (send: Send) => Promise<void>,
): Promise<LoadResult> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const latencies = histogram({ numberOfSignificantValueDigits: 3 });
  const statuses: Record<number, number> = {};
  const request = {
    method: 'POST',
    path: '/orders',
    headers: { 'content-type': 'application/json' },
  } as const;
  const send = async (dueAt: number) => {
    let status = 0;
    try {
      const answer = await pool.request({ ...request, body: body() });
      const text = await answer.body.text();
      status = answer.statusCode;
      if (status < 300) onAccepted?.(text);
    } catch {
      // status 0 counts it
    }
    latencies.recordValue(Math.max(1, Math.round((performance.now() - dueAt) * US)));
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  const start = performance.now();
  try {
    await run(send);
    const seconds = (performance.now() - start) / 1_000;
    const accepted = (statuses[201] ?? 0) + (statuses[202] ?? 0);
    return { accepted, statuses, seconds, ...percentiles(latencies) };
  } finally {
    await pool.destroy();
  }
}

/** In ms, of a histogram in µs. */
export function percentiles(latencies: Histogram) {
  const at = (percent: number) => latencies.getValueAtPercentile(percent) / US;
  return { p50: at(50), p99: at(99), p999: at(99.9) };
}
