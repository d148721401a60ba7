import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  freePorts,
  provision,
  startInfrastructure,
  Suite,
  type Connections,
  type Infrastructure,
  type ServiceName,
  type ServiceProcess,
  REPOSITORY,
} from '@equipmgnt/testing';
import { Balancer } from './balancer.ts';
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

type Stateful = 'order' | 'approval' | 'equipment' | 'mis';
type Link = Stateful | 'kafka';

const STATEFUL: readonly Stateful[] = ['order', 'approval', 'equipment', 'mis'];

/**
 * The whole suite as processes on servers of its own, with a TCP proxy in every way between a
 * service and its database or the broker, and a balancer before the replicas of each service.
 */
export class Environment {
  readonly infrastructure: Infrastructure;
  /** Straight to databases and broker, past the proxies. */
  readonly direct: Connections;
  /** The way to each service's database, and to the broker. */
  readonly links: Readonly<Record<Link, TcpProxy>>;
  readonly balancers: Readonly<Record<ServiceName, Balancer>>;
  readonly suite: Suite;
  readonly replicas: number;

  private constructor(parts: Omit<Environment, 'url' | 'processes' | 'close'>) {
    this.infrastructure = parts.infrastructure;
    this.direct = parts.direct;
    this.links = parts.links;
    this.balancers = parts.balancers;
    this.suite = parts.suite;
    this.replicas = parts.replicas;
  }

  /** @throws SetupError when a server or a service does not start; everything is stopped then */
  static async open(options: EnvironmentOptions = {}): Promise<Environment> {
    const { replicas = 1, repository = REPOSITORY, env = {} } = options;
    const directory = join(REPOSITORY, '.local', `prove-${randomBytes(4).toString('hex')}`);
    const closing: (() => Promise<unknown>)[] = [];
    try {
      const [kafkaPort = 0, advertised = 0, ...ports] = await freePorts(11);
      // before the broker, which sends its first client, the one that asks whether it is up, there
      const kafka = await TcpProxy.listen(advertised, () => local(kafkaPort));
      closing.push(() => kafka.close());
      const infrastructure = await startInfrastructure({
        directory,
        ports: { kafka: kafkaPort, kafkaAdvertised: advertised },
      });
      closing.push(() => infrastructure.remove());
      const databases = await provision({
        postgresUrl: infrastructure.postgres.url,
        mariadbUrl: infrastructure.mariadb.url,
      });
      const links: Record<string, TcpProxy> = { kafka };
      const proxied: Record<string, string> = {};
      for (const service of STATEFUL) {
        const link = await TcpProxy.listen(ports.shift() as number, () =>
          local(portOf(databases[service])),
        );
        closing.push(() => link.close());
        links[service] = link;
        proxied[service] = withPort(databases[service], link.port);
      }

      const balancers: Record<string, Balancer> = {};
      for (const service of ['gateway', ...STATEFUL] as const) {
        const balancer = await Balancer.listen(ports.shift() as number);
        closing.push(() => balancer.close());
        balancers[service] = balancer;
      }
      const urlOf = (service: ServiceName) => (balancers[service] as Balancer).url;
      const suite = await Suite.start({
        repository,
        infrastructure: {
          databases: proxied as Connections['databases'],
          kafkaBrokers: `127.0.0.1:${kafka.port}`,
        },
        services: {
          gateway: replicas,
          order: replicas,
          approval: replicas,
          equipment: replicas,
          mis: replicas,
        },
        env: Object.fromEntries(
          (['gateway', ...STATEFUL] as const).map((service) => [
            service,
            {
              ...(service === 'gateway' && {
                ORDER_URL: urlOf('order'),
                APPROVAL_URL: urlOf('approval'),
                EQUIPMENT_URL: urlOf('equipment'),
                MIS_URL: urlOf('mis'),
              }),
              ...(service === 'order' && {
                APPROVAL_URL: urlOf('approval'),
                BREAKER_RESET_MS: String(BREAKER_RESET_MS),
              }),
              LOG_LEVEL: 'warn',
              KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
              ...env[service],
            },
          ]),
        ),
      });
      closing.push(() => suite.stop());
      for (const [service, balancer] of Object.entries(balancers)) {
        for (const process of suite.of(service as ServiceName)) balancer.add(process);
      }
      const direct = { databases, kafkaBrokers: infrastructure.kafka.url };
      const environment = new Environment({
        infrastructure,
        direct,
        links: links as Environment['links'],
        balancers: balancers as Environment['balancers'],
        suite,
        replicas,
      });
      environment.#closing.push(...closing);
      return environment;
    } catch (error) {
      for (const close of closing.reverse()) await close();
      throw error;
    }
  }

  readonly #closing: (() => Promise<unknown>)[] = [];

  /** Where clients call the suite. */
  get url(): string {
    return this.balancers.gateway.url;
  }

  get processes(): readonly ServiceProcess[] {
    return this.suite.processes;
  }

  /** Stops everything and deletes its data. */
  async close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }
}

const local = (port: number) => ({ host: '127.0.0.1', port });
const portOf = (url: string): number => Number(new URL(url).port);

function withPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}
