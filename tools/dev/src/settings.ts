import { SERVICES, topology, type ServiceName } from '@equipmgnt/contracts';
import { SetupError, type InfrastructurePorts } from '@equipmgnt/testing';
import type { WantedPort } from './ports/check-ports.ts';

/** The settings of `npm start`, from environment variables and options. */
export interface Settings {
  readonly servicePorts: Readonly<Record<ServiceName, number>>;
  /** The port of the gateway's actuator. */
  readonly managementPort: number;
  readonly serverPorts: InfrastructurePorts;
  /** The port of the development issuer; undefined if the services use another issuer. */
  readonly issuerPort: number | undefined;
  readonly external: ExternalServers;
  /** Where traces and metrics are shown; undefined without the option --observe. */
  readonly observers: ObserverPorts | undefined;
  /** The ports that must be free. */
  readonly wantedPorts: readonly WantedPort[];
}

export interface ObserverPorts {
  readonly zipkin: number;
  readonly prometheus: number;
}

/** Running servers that are used instead of embedded ones. */
export interface ExternalServers {
  /** With an account that may create databases and roles. */
  readonly postgresUrl: string | undefined;
  /** With an account that may create databases and users. */
  readonly mariadbUrl: string | undefined;
  /** host:port[,host:port] */
  readonly kafkaBrokers: string | undefined;
}

type PortName =
  ServiceName | 'management' | 'issuer' | 'postgres' | 'mariadb' | 'kafka' | keyof ObserverPorts;

const DEFAULT_PORTS: Readonly<Record<PortName, number>> = {
  gateway: topology.gateway.localPort,
  order: topology.order.localPort,
  approval: topology.approval.localPort,
  equipment: topology.equipment.localPort,
  mis: topology.mis.localPort,
  management: 9080,
  issuer: 8085,
  postgres: 15432,
  mariadb: 13306,
  kafka: 19092,
  zipkin: 9411,
  prometheus: 9090,
};

const variableOf = (name: PortName): string => `${name.toUpperCase()}_PORT`;

/**
 * @param options of the command line
 * @throws SetupError that names each invalid variable or option with the expected and the actual value.
 */
export function readSettings(
  environment: NodeJS.ProcessEnv,
  options: readonly string[] = [],
): Settings {
  const problems = options
    .filter((option) => option !== '--observe')
    .map((option) => `${option}: expected no option, or --observe`);
  const ports = { ...DEFAULT_PORTS };
  for (const name of Object.keys(ports) as PortName[]) {
    const text = environment[variableOf(name)];
    if (!text) continue;
    ports[name] = Number(text);
    // Not 65535: the controller of Kafka uses the port after Kafka's.
    if (/^\d+$/.test(text) && ports[name] >= 1 && ports[name] <= 65_534) continue;
    problems.push(`${variableOf(name)}: expected a port from 1 to 65534, got "${text}"`);
  }
  const url = (variable: string, protocol: string): string | undefined => {
    const text = environment[variable];
    if (!text) return undefined;
    if (URL.parse(text)?.protocol !== `${protocol}:`) {
      // The message does not contain the value, which may include a password.
      problems.push(`${variable}: expected ${protocol}://user:password@host:port`);
    }
    return text;
  };
  const external = {
    postgresUrl: url('POSTGRES_URL', 'postgres'),
    mariadbUrl: url('MARIADB_URL', 'mysql'),
    kafkaBrokers: environment['KAFKA_BROKERS'] || undefined,
  };
  const {
    management: managementPort,
    issuer,
    postgres,
    mariadb,
    kafka,
    zipkin,
    prometheus,
    ...servicePorts
  } = ports;
  const observers = options.includes('--observe') ? { zipkin, prometheus } : undefined;
  const issuerPort = environment['AUTH_ISSUER'] ? undefined : issuer;
  const serverPorts = { postgres, mariadb, kafka, kafkaController: kafka + 1 };
  const parts = { servicePorts, managementPort, serverPorts, issuerPort, external, observers };
  const wantedPorts = portsOf(parts);
  problems.push(...duplicatePorts(wantedPorts));
  if (problems.length > 0) throw new SetupError(problems.join('\n'));
  return { ...parts, wantedPorts };
}

function portsOf(settings: Omit<Settings, 'wantedPorts'>): WantedPort[] {
  const { servicePorts, managementPort, serverPorts, issuerPort, external, observers } = settings;
  const want = (port: number, name: string, by: PortName) => ({
    port,
    name,
    variable: variableOf(by),
  });
  return [
    ...SERVICES.map((service) => want(servicePorts[service], service, service)),
    want(managementPort, "the gateway's management", 'management'),
    ...(issuerPort === undefined ? [] : [want(issuerPort, 'the development issuer', 'issuer')]),
    ...(external.postgresUrl ? [] : [want(serverPorts.postgres, 'PostgreSQL', 'postgres')]),
    ...(external.mariadbUrl ? [] : [want(serverPorts.mariadb, 'MariaDB', 'mariadb')]),
    ...(external.kafkaBrokers
      ? []
      : [
          want(serverPorts.kafka, 'Kafka', 'kafka'),
          want(serverPorts.kafkaController, "Kafka's controller (the port after Kafka's)", 'kafka'),
        ]),
    ...(observers
      ? [
          want(observers.zipkin, 'Zipkin', 'zipkin'),
          want(observers.prometheus, 'Prometheus', 'prometheus'),
        ]
      : []),
  ];
}

function duplicatePorts(wanted: readonly WantedPort[]): string[] {
  return wanted.flatMap((want, index) => {
    const other = wanted.slice(0, index).find(({ port }) => port === want.port);
    return other === undefined
      ? []
      : [`${want.variable}: ${want.port} is the port of both ${other.name} and ${want.name}`];
  });
}
