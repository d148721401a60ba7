import { topics } from '@equipmgnt/contracts';
import { Health } from '@equipmgnt/runtime';
import {
  Module,
  Optional,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type INestApplication,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Kafka } from 'kafkajs';
import { DataSource } from 'typeorm';
import { KafkaStrategy } from './consumer/kafka.strategy.ts';
import { createKafka, type KafkaConfig } from './kafka.ts';
import { Publisher } from './outbox/publisher.ts';
import { OutboxRelay } from './outbox/relay.ts';
import { ensureTopics } from './topics.ts';

export interface MessagingOptions {
  /** The service's name: consumer group, client id and CloudEvents source. */
  readonly service: string;
  readonly config: KafkaConfig;
  /** Whether it has an outbox to publish from. */
  readonly publishes: boolean;
}

/** A service's side of Kafka: what it consumes, and the relay of its outbox. */
@Module({})
export class MessagingModule
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  static with({ service, config, publishes }: MessagingOptions): DynamicModule {
    const newKafka = () => createKafka(service, config);
    const kafka = newKafka();
    const ready = onceDone(() => prepareTopics(kafka, config));
    const publisher = new Publisher(kafka, ready);
    const strategy = new KafkaStrategy(newKafka, {
      group: service,
      sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
      ready,
    });
    const relay = {
      provide: OutboxRelay,
      inject: [DataSource],
      useFactory: (database: DataSource) => new OutboxRelay(database, `/${service}`, publisher),
    };
    return {
      module: MessagingModule,
      global: true,
      providers: [
        { provide: KafkaStrategy, useValue: strategy },
        { provide: Publisher, useValue: publisher },
        ...(publishes ? [relay] : []),
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

  /** Before HTTP closes: from here on nothing new is taken from Kafka, and the relay rests. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.strategy.close(), this.relay?.stop()]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.publisher.close();
  }
}

const prepareTopics = (kafka: Kafka, config: KafkaConfig): Promise<void> =>
  ensureTopics(kafka, Object.values(topics), config.KAFKA_TOPIC_PARTITIONS);

/** Runs `work` until it has succeeded once, and never twice at a time. */
function onceDone(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () =>
    (running ??= work().catch((error: unknown) => {
      running = undefined;
      throw error;
    }));
}

/** Connects the handlers of an application to Kafka; they begin with `startAllMicroservices`. */
export function consumeEvents(app: INestApplication): void {
  app.connectMicroservice({ strategy: app.get(KafkaStrategy) }, { inheritAppConfig: true });
}
