import type { DatabaseUrls, StatefulService } from '../servers/provision.ts';

/** The processes of the suite, in the order in which they are listed for people. */
export const SERVICES = ['gateway', 'order', 'approval', 'equipment', 'mis'] as const;

export type ServiceName = (typeof SERVICES)[number];

/** The databases and brokers of the services. */
export interface Connections {
  readonly databases: DatabaseUrls;
  /** host:port[,host:port] */
  readonly kafkaBrokers: string;
}

export type Environment = Readonly<Record<string, string>>;

/** The built main script of a service, relative to the repository. */
export const mainScript = (service: ServiceName): string =>
  service === 'gateway' ? 'gateway/dist/main.js' : `services/${service}/dist/main.js`;

/** Which others a service calls. */
const CALLS: Record<ServiceName, readonly ServiceName[]> = {
  gateway: ['order', 'approval', 'equipment', 'mis'],
  order: ['approval'],
  approval: [],
  equipment: [],
  mis: [],
};

/**
 * The environment of a service: the addresses of its database, the brokers and the services that it
 * calls. A service without a URL is left out; the caller then has to set its URL.
 */
export function environmentOf(
  service: ServiceName,
  { databases, kafkaBrokers }: Connections,
  urlOf: (service: ServiceName) => string | undefined,
): Environment {
  const urls = CALLS[service].flatMap((other) => {
    const url = urlOf(other);
    return url === undefined ? [] : [[`${other.toUpperCase()}_URL`, url] as const];
  });
  return {
    ...Object.fromEntries(urls),
    ...(isStateful(service) && { DATABASE_URL: databases[service], KAFKA_BROKERS: kafkaBrokers }),
  };
}

const isStateful = (service: ServiceName): service is StatefulService => service !== 'gateway';
