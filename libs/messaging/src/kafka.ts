import { env } from '@equipmgnt/service';
import { Logger } from '@nestjs/common';
import { Kafka, type logCreator } from 'kafkajs';
import { z } from 'zod';

export const kafkaConfig = z.object({
  KAFKA_BROKERS: env.list('kafka-0:9092,kafka-1:9092'),
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
 * Everything that the client logs is for debugging: each failure that it reports also comes to us
 * as an error, and is logged once where it is known what it means.
 */
const toDebugLog: logCreator = () => {
  const logger = new Logger('kafkajs');
  return ({ namespace, log: { message, ...details } }) =>
    logger.debug(details, `${namespace}: ${message}`);
};

/** @param name the service's name: client id, and its consumer group */
export const createKafka = (name: string, config: KafkaConfig): Kafka =>
  new Kafka({
    clientId: name,
    brokers: config.KAFKA_BROKERS,
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    retry: CLIENT_RETRY,
    logCreator: toDebugLog,
  });
