import { topology, type StatefulService, type Topic } from '@equipmgnt/contracts';
import { Health, MetricsRegistry } from '@equipmgnt/runtime';
import {
  Module,
  Optional,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type INestApplication,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KafkaStrategy } from './consumer/kafka.strategy.ts';
import { IdRecovery, type PublishedIds } from './id-recovery.ts';
import { createKafka, type KafkaConfig } from './kafka.ts';
import { CountOutbox } from './outbox/count-outbox.ts';
import { Publisher } from './outbox/publisher.ts';
import { OutboxRelay } from './outbox/relay.ts';
import { Topics } from './topics.ts';

export interface MessagingOptions {
  /** The service's name: consumer group, client id and CloudEvents source. */
  readonly service: StatefulService;
  readonly config: KafkaConfig;
  /** Whether the service has an outbox. */
  readonly publishes: boolean;
  /** The ids that the service gives, if any; see {@link IdRecovery}. */
  readonly ids?: PublishedIds;
}

/** The topics that a service reads, and its own. Its Kafka user may see no others. */
const topicsOf = (service: StatefulService): Topic[] => {
  const entry = topology[service];
  return ['publishes' in entry ? entry.publishes : [], entry.reads].flat();
};

/** A service's connection to Kafka: its consumer, and the relay of its outbox. */
@Module({})
export class MessagingModule
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  static with({ service, config, publishes, ids }: MessagingOptions): DynamicModule {
    const newKafka = () => createKafka(service, config);
    const kafka = newKafka();
    const used = new Topics(kafka, topicsOf(service), config.KAFKA_TOPIC_PARTITIONS);
    const publisher = new Publisher(kafka, () => used.ensure());
    const sessionTimeoutMs = config.KAFKA_SESSION_TIMEOUT_MS;
    const strategy = {
      provide: KafkaStrategy,
      inject: [MetricsRegistry],
      useFactory: (metrics: MetricsRegistry) =>
        new KafkaStrategy(newKafka, {
          group: service,
          sessionTimeoutMs,
          topics: used,
          metrics,
        }),
    };
    const relay = {
      provide: OutboxRelay,
      inject: [DataSource, MetricsRegistry],
      useFactory: (database: DataSource, metrics: MetricsRegistry) =>
        new OutboxRelay({ database, source: `/${service}`, publisher, metrics }),
    };
    const idRecovery = {
      provide: IdRecovery,
      inject: [DataSource],
      useFactory: (database: DataSource) =>
        new IdRecovery({
          ids: ids as PublishedIds,
          database,
          kafka,
          service,
          ready: () => used.ensure(),
        }),
    };
    return {
      module: MessagingModule,
      global: true,
      providers: [
        strategy,
        { provide: Publisher, useValue: publisher },
        ...(publishes ? [relay, CountOutbox] : []),
        ...(ids ? [idRecovery] : []),
      ],
      exports: [KafkaStrategy, ...(publishes ? [OutboxRelay] : [])],
    };
  }

  constructor(
    private readonly health: Health,
    private readonly strategy: KafkaStrategy,
    private readonly publisher: Publisher,
    @Optional() private readonly relay?: OutboxRelay,
  ) {}

  onApplicationBootstrap(): void {
    this.health.addLiveness('consumer', () => this.strategy.report());
    if (!this.relay) return;
    const relay = this.relay;
    this.health.addLiveness('outbox', () => ({ up: relay.alive }));
    relay.start();
  }

  /** Runs before HTTP closes: ends the consumer and the relay. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.strategy.close(), this.relay?.stop()]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.publisher.close();
  }
}

/** Connects the handlers of an application to Kafka; they start with `startAllMicroservices`. */
export function consumeEvents(app: INestApplication): void {
  app.connectMicroservice({ strategy: app.get(KafkaStrategy) }, { inheritAppConfig: true });
}
