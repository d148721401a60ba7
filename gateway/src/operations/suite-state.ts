import { Agent, request, type Dispatcher } from 'undici';
import type { Route } from '../routes.ts';
import { Replicas, type Replica } from './replica.ts';

const ANSWER_WITHIN_MS = 1_500;
/** A replica that has not answered for this long is not shown. */
const RECENT_MS = 15_000;

/** What the operators' page shows of one service. Rates are per second. */
export interface ServiceState {
  readonly service: string;
  /** UP, DOWN, OUT_OF_SERVICE, or unreachable. */
  readonly health: string;
  /** The components that are not UP, each with the reason, if it is known. */
  readonly problems: readonly string[];
  readonly replicas: number;
  readonly requests: number;
  /** Answers 5xx. */
  readonly errors: number;
  readonly handled: number;
  /** Events that it publishes. */
  readonly published: number;
  readonly lag: number;
  /** How long a batch has failed, in seconds. */
  readonly stuck: number;
  readonly outbox: { readonly waiting: number; readonly oldest: number; readonly parked: number };
  /** Messages that could not be handled since the replicas started, by topic and code. */
  readonly deadLetters: readonly {
    readonly topic: string;
    readonly code: string;
    readonly count: number;
  }[];
}

export interface SuiteState {
  readonly at: string;
  readonly services: readonly ServiceState[];
  /** Of order: closed, half-open or open; absent if order does not answer. */
  readonly breaker?: string;
  /** Orders in the view, by status. */
  readonly orders: Readonly<Record<string, number>>;
}

interface Health {
  readonly status: string;
  readonly components: Readonly<
    Record<string, { readonly status: string; readonly details?: { readonly error?: string } }>
  >;
}

/** Reads the state of the services from their actuators. */
export class SuiteStateReader {
  /** A connection for each request, so that a load balancer chooses among the replicas each time. */
  private readonly agent = new Agent({ pipelining: 0, connect: { timeout: ANSWER_WITHIN_MS } });
  private readonly replicas = new Map<string, Replicas>();

  constructor(private readonly routes: readonly Route[]) {
    for (const { service } of routes) this.replicas.set(service, new Replicas());
  }

  async read(): Promise<SuiteState> {
    const now = performance.now();
    const services = await Promise.all(this.routes.map((route) => this.readService(route, now)));
    const of = (service: string) => this.replicas.get(service)?.recent(now, RECENT_MS) ?? [];
    const open = of('order').map((replica) => replica.max('approval_breaker_open'));
    const counts = of('mis').flatMap((replica) => replica.of('orders'));
    return {
      at: new Date().toISOString(),
      services,
      ...(open.length > 0 && { breaker: breakerState(Math.max(...open)) }),
      orders: Object.fromEntries(counts.map(({ labels, value }) => [labels['status'], value])),
    };
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async readService({ service, url }: Route, now: number): Promise<ServiceState> {
    const replicas = this.replicas.get(service) as Replicas;
    const [health, metrics] = await Promise.all([
      this.ask(`${url}/actuator/health`).then((text) => JSON.parse(text) as Health),
      this.ask(`${url}/actuator/prometheus`),
    ]).catch(() => [undefined, undefined]);
    if (metrics !== undefined) replicas.add(metrics, now);
    return {
      service,
      health: health?.status ?? 'unreachable',
      problems: health === undefined ? [] : problemsOf(health),
      ...summaryOf(metrics === undefined ? [] : replicas.recent(now, RECENT_MS)),
    };
  }

  private async ask(url: string): Promise<string> {
    const options: { dispatcher: Dispatcher; signal: AbortSignal } = {
      dispatcher: this.agent,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    };
    return (await request(url, options)).body.text();
  }
}

const problemsOf = ({ components }: Health): string[] =>
  Object.entries(components)
    .filter(([, { status }]) => status !== 'UP')
    .map(
      ([name, { status, details }]) =>
        `${name} is ${status}${details?.error ? `: ${details.error}` : ''}`,
    );

function summaryOf(
  replicas: readonly Replica[],
): Omit<ServiceState, 'service' | 'health' | 'problems'> {
  const total = (value: (replica: Replica) => number): number =>
    replicas.reduce((sum, replica) => sum + value(replica), 0);
  const largest = (name: string) => Math.max(0, ...replicas.map((replica) => replica.max(name)));
  const requests = 'http_server_requests_seconds_count';
  const isOfClients = ({ uri = '' }) => !uri.startsWith('/actuator');
  return {
    replicas: replicas.length,
    requests: total((replica) => replica.rate(requests, isOfClients)),
    errors: total((replica) => replica.rate(requests, ({ status = '' }) => status.startsWith('5'))),
    handled: total((replica) => replica.rate('messages_handled_total')),
    published: total((replica) => replica.rate('outbox_published_total')),
    lag: lagOf(replicas),
    stuck: largest('consumer_stuck_seconds'),
    outbox: {
      waiting: largest('outbox_rows'),
      oldest: largest('outbox_waiting_seconds'),
      parked: largest('outbox_parked'),
    },
    deadLetters: deadLettersOf(replicas),
  };
}

/** Several replicas may report a partition that no replica owns yet. */
function lagOf(replicas: readonly Replica[]): number {
  const byPartition = new Map<string, number>();
  for (const { labels, value } of replicas.flatMap((replica) => replica.of('consumer_lag'))) {
    const name = `${labels['topic']}/${labels['partition']}`;
    byPartition.set(name, Math.max(value, byPartition.get(name) ?? 0));
  }
  return [...byPartition.values()].reduce((sum, value) => sum + value, 0);
}

function deadLettersOf(replicas: readonly Replica[]): ServiceState['deadLetters'] {
  const counts = new Map<string, { topic: string; code: string; count: number }>();
  const name = 'messages_dead_lettered_total';
  for (const { labels, value } of replicas.flatMap((replica) => replica.of(name))) {
    const { topic = '', code = '' } = labels;
    const known = counts.get(`${topic} ${code}`) ?? { topic, code, count: 0 };
    known.count += value;
    counts.set(`${topic} ${code}`, known);
  }
  return [...counts.values()].filter(({ count }) => count > 0);
}

const breakerState = (value: number): string =>
  value === 0 ? 'closed' : value === 1 ? 'open' : 'half-open';
