import {
  isPublishingService,
  isStatefulService,
  SERVICES,
  topology,
  type PublishingService,
  type ServiceName,
} from '@equipmgnt/contracts';
import type { Admin, Kafka } from 'kafkajs';
import type { Databases } from './databases.ts';
import { deadLetterTopics, readDeadLetters } from './dead-letter-topic.ts';
import { countUnread, endsOfTopics } from './lag.ts';

const ANSWER_WITHIN_MS = 2_000;

/** The events that a service has written and not published. */
export interface Outbox {
  readonly waiting: number;
  /** Of the event that waits longest. */
  readonly oldestSeconds: number;
  /** Events that wait for an operator. */
  readonly parked: number;
}

export interface ServiceStatus {
  readonly service: ServiceName;
  /** UP, DOWN or what else its health says; `unreachable` without an answer. */
  readonly health: string;
  /** Messages that it has not handled. */
  readonly lag?: number;
  readonly outbox?: Outbox;
}

export interface SuiteStatus {
  readonly services: readonly ServiceStatus[];
  /** Whether the circuit breaker of order is open; absent if order does not answer. */
  readonly breakerOpen?: boolean;
  /** Dead letters that wait for an operator, by topic. */
  readonly deadLetters: Readonly<Record<string, number>>;
}

/** Reads the state of all services from their actuators, their databases and the broker. */
export async function readStatus(
  databases: Databases,
  kafka: Kafka,
  admin: Admin,
  environment: NodeJS.ProcessEnv,
): Promise<SuiteStatus> {
  const ends = await endsOfTopics(admin);
  const services = await Promise.all(
    SERVICES.map(async (service): Promise<ServiceStatus> => ({
      service,
      health: await healthOf(service, environment),
      ...(isStatefulService(service) && { lag: await countUnread(admin, service, ends) }),
      ...(isPublishingService(service) && { outbox: await outboxOf(databases, service) }),
    })),
  );
  const breakerOpen = await readBreaker(environment);
  const topics = await deadLetterTopics(kafka);
  const counts = await Promise.all(
    topics.map(async (topic) => {
      const waiting = (await readDeadLetters(kafka, topic)).filter(
        ({ state }) => state === 'waiting',
      );
      return [topic, waiting.length] as const;
    }),
  );
  return {
    services,
    ...(breakerOpen !== undefined && { breakerOpen }),
    deadLetters: Object.fromEntries(counts.filter(([, count]) => count > 0)),
  };
}

async function outboxOf(databases: Databases, service: PublishingService): Promise<Outbox> {
  const { rows } = await databases[service].query(
    `SELECT count(*)::int AS waiting, count(parked_at)::int AS parked,
            coalesce(extract(epoch FROM now() - min(occurred_at)), 0)::int AS "oldestSeconds"
       FROM outbox`,
  );
  return rows[0] as Outbox;
}

async function healthOf(service: ServiceName, environment: NodeJS.ProcessEnv): Promise<string> {
  const answer = await ask(service, '/actuator/health', environment);
  if (answer === undefined) return 'unreachable';
  try {
    return String((JSON.parse(answer) as { status?: unknown }).status);
  } catch {
    return 'no health';
  }
}

async function readBreaker(environment: NodeJS.ProcessEnv): Promise<boolean | undefined> {
  const metrics = await ask('order', '/actuator/prometheus', environment);
  const [, value] = /^approval_breaker_open(?:\{[^}]*\})? (\d)/m.exec(metrics ?? '') ?? [];
  return value === undefined ? undefined : value === '1';
}

/** By default the services of `npm start`; `ORDER_URL`, `GATEWAY_URL` and so on are others. */
async function ask(
  service: ServiceName,
  path: string,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const url =
    environment[`${service.toUpperCase()}_URL`] ||
    `http://127.0.0.1:${topology[service].localPort}`;
  try {
    const answer = await fetch(url + path, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return await answer.text();
  } catch {
    return undefined;
  }
}

/** What an operator has to look at; nothing when all is well. */
export function concernsOf({ services, breakerOpen, deadLetters }: SuiteStatus): string[] {
  return [
    ...services
      .filter(({ health }) => health !== 'UP')
      .map(({ service, health }) => `${service} is ${health}`),
    ...(breakerOpen ? ['the circuit breaker is open: orders wait for their event'] : []),
    ...services.flatMap(({ service, outbox }) =>
      outbox?.parked ? [`${outbox.parked} parked events in the outbox of ${service}`] : [],
    ),
    ...Object.entries(deadLetters).map(([topic, count]) => `${count} dead letters in ${topic}`),
  ];
}

/** The status as a table. */
export function tableOf(status: SuiteStatus): string {
  const rows = status.services.map(({ service, health, lag, outbox }) => [
    service,
    health,
    lag === undefined ? '' : String(lag),
    outbox === undefined ? '' : String(outbox.waiting),
    outbox === undefined || outbox.waiting === 0 ? '' : `${outbox.oldestSeconds} s`,
  ]);
  const table = [['service', 'health', 'lag', 'outbox', 'oldest'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...table.map((row) => row[column]!.length)),
  );
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const concerns = concernsOf(status);
  return [...lines, ...(concerns.length === 0 ? ['all is well'] : concerns)].join('\n');
}
