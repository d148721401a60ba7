import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  freePorts,
  provision,
  REPOSITORY,
  startInfrastructure,
  Suite,
  type ServiceName,
} from '@equipmgnt/testing';
import { openBalancer, type Balancer } from './balancer.ts';
import { TcpProxy } from './tcp-proxy.ts';

export const BREAKER_RESET_MS = 2_000;
export const SESSION_TIMEOUT_MS = 6_000;

export interface EnvironmentOptions {
  /** How many processes of each service, gateway included. */
  readonly replicas?: number;
  /** The folder that holds the built services; by default this repository. */
  readonly repository?: string | undefined;
  /** Variables for a service, on top of those that connect it. */
  readonly env?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
}

const STATEFUL = ['order', 'approval', 'equipment', 'mis'] as const;
export const ALL = ['gateway', ...STATEFUL] as const;
type Stateful = (typeof STATEFUL)[number];

/**
 * The whole suite as processes on servers of its own, with a TCP proxy in every way between a
 * service and its database or the broker, and a balancer before the replicas of each service.
 */
export type Environment = Awaited<ReturnType<typeof open>>;

/** @throws SetupError when a server or a service does not start; everything is stopped then */
export async function openEnvironment(options: EnvironmentOptions = {}): Promise<Environment> {
  const opened = new AsyncDisposableStack();
  try {
    return await open(options, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function open(options: EnvironmentOptions, opened: AsyncDisposableStack) {
  const { replicas = 1, repository = REPOSITORY, env = {} } = options;
  const ports = await freePorts(3 + STATEFUL.length + ALL.length);
  const nextPort = () => ports.shift() as number;
  const closing = <T extends { close(): Promise<void> }>(resource: T): T =>
    opened.adopt(resource, () => resource.close());
  const proxyTo = async (port: number) => closing(await TcpProxy.listen(nextPort(), () => port));

  // before the broker, which sends its first client, the one that asks whether it is up, there
  const kafkaPort = nextPort();
  const kafka = await proxyTo(kafkaPort);
  const infrastructure = await startInfrastructure({
    directory: join(REPOSITORY, '.local', `prove-${randomBytes(4).toString('hex')}`),
    ports: { kafka: kafkaPort, kafkaAdvertised: kafka.port },
  });
  opened.defer(async () => {
    await infrastructure.remove();
  });
  const databases = await provision({
    postgresUrl: infrastructure.postgres.url,
    mariadbUrl: infrastructure.mariadb.url,
  });
  const links = { kafka } as Record<'kafka' | Stateful, TcpProxy>;
  const proxied = { ...databases };
  for (const service of STATEFUL) {
    const url = new URL(databases[service]);
    links[service] = await proxyTo(Number(url.port));
    url.port = String(links[service].port);
    proxied[service] = url.href;
  }

  const balancers = {} as Record<ServiceName, Balancer>;
  for (const service of ALL) balancers[service] = closing(await openBalancer(nextPort()));
  // each service takes what it knows of these
  const variables = {
    ORDER_URL: balancers.order.url,
    APPROVAL_URL: balancers.approval.url,
    EQUIPMENT_URL: balancers.equipment.url,
    MIS_URL: balancers.mis.url,
    BREAKER_RESET_MS: String(BREAKER_RESET_MS),
    KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
    LOG_LEVEL: 'warn',
  };
  const suite = await Suite.start({
    repository,
    infrastructure: { databases: proxied, kafkaBrokers: `127.0.0.1:${kafka.port}` },
    services: Object.fromEntries(ALL.map((service) => [service, replicas])),
    env: Object.fromEntries(ALL.map((service) => [service, { ...variables, ...env[service] }])),
  });
  opened.defer(() => suite.stop().then(() => undefined));
  for (const service of ALL) suite.of(service).forEach(balancers[service].add);
  return {
    infrastructure,
    /** Straight to databases and broker, past the proxies. */
    direct: { databases, kafkaBrokers: infrastructure.kafka.url },
    /** The way to each service's database, and to the broker. */
    links,
    balancers,
    suite,
    /** Where clients call the suite. */
    url: balancers.gateway.url,
    /** Stops everything and deletes its data. */
    close: () => opened.disposeAsync(),
  };
}
