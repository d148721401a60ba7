import { topics, type Topic } from './events.ts';

/** All services, in the order in which lists show them. */
export const SERVICES = ['gateway', 'order', 'approval', 'equipment', 'mis'] as const;

export type ServiceName = (typeof SERVICES)[number];

interface ServiceTopology {
  /** The port that `npm start` uses by default; in containers every service listens on 8080. */
  readonly localPort: number;
  /** The engine of its own database; the gateway has none. */
  readonly database?: 'postgres' | 'mariadb';
  /** The topic for all events that it publishes. */
  readonly publishes?: Topic;
  /** The topics that its consumer group reads. The group has the name of the service. */
  readonly reads: readonly Topic[];
  /** The services that it calls over HTTP. */
  readonly calls: readonly ServiceName[];
}

/**
 * The services of the suite and the connections between them. Tools and tests use this list, and a
 * test compares it with the deployment files and with the code of the services.
 */
export const topology = {
  gateway: { localPort: 8080, reads: [], calls: ['order', 'approval', 'equipment', 'mis'] },
  order: {
    localPort: 8081,
    database: 'postgres',
    publishes: topics.order,
    reads: [topics.approval],
    calls: ['approval'],
  },
  approval: {
    localPort: 8082,
    database: 'postgres',
    publishes: topics.approval,
    reads: [topics.order, topics.equipment],
    calls: [],
  },
  equipment: {
    localPort: 8083,
    database: 'postgres',
    publishes: topics.equipment,
    reads: [topics.approval],
    calls: [],
  },
  mis: {
    localPort: 8084,
    database: 'mariadb',
    reads: [topics.order, topics.approval, topics.equipment],
    calls: [],
  },
} as const satisfies Record<ServiceName, ServiceTopology>;

/** The services whose entry has certain fields, for example a database of one engine. */
type ServicesWith<Fields> = {
  [Name in ServiceName]: (typeof topology)[Name] extends Fields ? Name : never;
}[ServiceName];

export type PostgresService = ServicesWith<{ database: 'postgres' }>;
export type MariadbService = ServicesWith<{ database: 'mariadb' }>;
/** A service with a database. */
export type StatefulService = PostgresService | MariadbService;
/** A service with an outbox. */
export type PublishingService = ServicesWith<{ publishes: Topic }>;

export const isPostgresService = (service: ServiceName): service is PostgresService =>
  'database' in topology[service] && topology[service].database === 'postgres';

export const isMariadbService = (service: ServiceName): service is MariadbService =>
  'database' in topology[service] && topology[service].database === 'mariadb';

export const isStatefulService = (service: ServiceName): service is StatefulService =>
  'database' in topology[service];

export const isPublishingService = (service: ServiceName): service is PublishingService =>
  'publishes' in topology[service];
