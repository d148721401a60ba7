import { ConfigError, env } from '@equipmgnt/runtime';
import { Logger } from '@nestjs/common';
import {
  Kafka,
  Partitioners,
  type ICustomPartitioner,
  type KafkaConfig as ClientOptions,
  type logCreator,
  type Producer,
} from 'kafkajs';
import { z } from 'zod';

export const kafkaConfig = z.object({
  KAFKA_BROKERS: env.addresses('kafka-0:9092,kafka-1:9092'),
  /** Connect by TLS only, and only to brokers whose certificates are good for their host names. */
  KAFKA_TLS: env.flag(false),
  /** Who to log in as, by SCRAM-SHA-512; with a password, or not at all. */
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
  /** Partitions of topics that are made here: the most consumers of one group that share the work. */
  KAFKA_TOPIC_PARTITIONS: env.whole(1, 1_000, 6),
  /**
   * How long a consumer may be silent before its partitions go to another. A killed consumer's
   * messages wait this long; brokers accept 6 s and more by default.
   */
  KAFKA_SESSION_TIMEOUT_MS: env.whole(1, 300_000, 10_000),
});

export type KafkaConfig = z.infer<typeof kafkaConfig>;

/**
 * Quick, bounded retries inside the client; our own loops around it go on for as long as it takes,
 * and look at the world anew each time.
 */
export const CLIENT_RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

/**
 * A producer waits longer, some 3.5 s in all. Within one call it sends again only what a broker does
 * not have, or what the broker knows to be a repetition; once it has given up, everything is sent
 * anew, also to the partitions that have it. And a partition that was just made, or changes its leader,
 * is refused for a second or two.
 */
const PRODUCER_RETRY = { retries: 3, initialRetryTime: 500, maxRetryTime: 2_000 };

/**
 * Everything that the client logs is for debugging: each failure that it reports also comes to us
 * as an error, and is logged once where it is known what it means.
 */
const toDebugLog: logCreator = () => {
  const logger = new Logger('kafkajs');
  return ({ namespace, log: { message, ...details } }) =>
    logger.debug(details, `${namespace}: ${message}`);
};

/**
 * @param name the service's name: client id, and its consumer group
 * @throws ConfigError when a user name has no password, or a password no user name
 */
export const createKafka = (name: string, config: KafkaConfig): Kafka =>
  new Kafka({
    clientId: name,
    brokers: config.KAFKA_BROKERS,
    ...securityOf(config),
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    retry: CLIENT_RETRY,
    logCreator: toDebugLog,
  });

function securityOf(config: KafkaConfig): Pick<ClientOptions, 'ssl' | 'sasl'> {
  const { KAFKA_TLS: ssl, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config;
  if (username === undefined && password === undefined) return { ssl };
  if (username === undefined) {
    throw new ConfigError(
      'KAFKA_SASL_USERNAME: expected the user whose KAFKA_SASL_PASSWORD is set, it is not set',
    );
  }
  if (password === undefined) {
    throw new ConfigError(
      'KAFKA_SASL_PASSWORD: expected the password of KAFKA_SASL_USERNAME, it is not set',
    );
  }
  return { ssl, sasl: { mechanism: 'scram-sha-512', username, password } };
}

export interface ProducerOptions {
  /** For one that sends in transactions. */
  readonly transactionalId?: string;
  /** By default that of Java's clients. */
  readonly createPartitioner?: ICustomPartitioner;
}

/**
 * A producer that writes each message once, in the order of sending. One that sends to several
 * partitions at a time has to look which of them its answer names, see `outbox/publisher.ts`.
 * @throws KafkaJSError when no broker answers; no connection is left behind then
 */
export async function connectProducer(
  kafka: Kafka,
  options: ProducerOptions = {},
): Promise<Producer> {
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    ...options,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: PRODUCER_RETRY,
  });
  try {
    await producer.connect();
  } catch (error) {
    await producer.disconnect().catch(() => undefined); // it may have connected in part
    throw error;
  }
  return producer;
}
