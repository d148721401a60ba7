import { isStatefulService, topology, type ServiceName } from '@equipmgnt/contracts';
import type { DatabaseUrls } from '../servers/provision.ts';

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

/**
 * The environment of a service: the addresses of its database, the brokers and the services that it
 * calls. A service without a URL is left out; the caller then has to set its URL.
 */
export function environmentOf(
  service: ServiceName,
  { databases, kafkaBrokers }: Connections,
  urlOf: (service: ServiceName) => string | undefined,
): Environment {
  const urls = topology[service].calls.flatMap((other) => {
    const url = urlOf(other);
    return url === undefined ? [] : [[`${other.toUpperCase()}_URL`, url] as const];
  });
  return {
    ...Object.fromEntries(urls),
    ...(isStatefulService(service) && {
      DATABASE_URL: databases[service],
      KAFKA_BROKERS: kafkaBrokers,
    }),
  };
}
