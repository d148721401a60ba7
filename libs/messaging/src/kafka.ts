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
import { brokersAt } from './broker-addresses.ts';

export const kafkaConfig = z.object({
  KAFKA_BROKERS: env.addresses('kafka-0:9092,kafka-1:9092'),
  /** Connect with TLS only, and only to brokers whose certificates are valid for their host names. */
  KAFKA_TLS: env.flag(false),
  /** The user for SCRAM-SHA-512. User and password are set together, or neither. */
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
  /** Partitions of the topics that a service creates: the most consumers of a group that share the work. */
  KAFKA_TOPIC_PARTITIONS: env.whole(1, 1_000, 6),
  /**
   * How long a consumer may send no heartbeat before its partitions go to another. The messages of a
   * killed consumer wait this long. By default, brokers accept 6 s and more.
   */
  KAFKA_SESSION_TIMEOUT_MS: env.whole(1, 300_000, 10_000),
});

export type KafkaConfig = z.infer<typeof kafkaConfig>;

/**
 * Quick, bounded retries inside the client. The loops around it retry for as long as needed, and read
 * the cluster's state again each time.
 */
export const CLIENT_RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

/**
 * A producer waits longer, about 3.5 s in all. Within one call it resends only messages that a broker
 * lacks, or that the broker recognises as duplicates. After the call has failed, all messages are sent
 * again, also to partitions that have them. A new partition, or one whose leader changes, rejects
 * messages for a second or two.
 */
const PRODUCER_RETRY = { retries: 3, initialRetryTime: 500, maxRetryTime: 2_000 };

/**
 * The client's log lines are for debugging: each failure in them is also thrown as an error, which is
 * logged once by the code that handles it.
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
    ...brokersAt(config.KAFKA_BROKERS),
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
  /** Set for a producer that sends in transactions. */
  readonly transactionalId?: string;
  /** The default is the partitioner of Java's clients. */
  readonly createPartitioner?: ICustomPartitioner;
}

/**
 * A producer that writes each message once, in the order of sending. A caller that sends to several
 * partitions at a time must check which of them the answer names, see `outbox/publisher.ts`.
 * @throws KafkaJSError when no broker answers; then no connection stays open
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
    await producer.disconnect().catch(() => undefined); // some connections may be open
    throw error;
  }
  return producer;
}
