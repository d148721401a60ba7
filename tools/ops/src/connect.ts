import { brokersAt } from '@equipmgnt/messaging/broker-addresses';
import { Kafka, logLevel } from 'kafkajs';

/** The brokers from the environment, by default those of `npm start`. */
export const brokersIn = (environment: NodeJS.ProcessEnv): string[] =>
  (environment['KAFKA_BROKERS'] || '127.0.0.1:19092').split(',');

/**
 * A Kafka client, configured by the same variables as the services.
 * @throws Error that names the invalid variable
 */
export function connect(environment: NodeJS.ProcessEnv): Kafka {
  const {
    KAFKA_TLS: tls = '',
    KAFKA_SASL_USERNAME: username = '',
    KAFKA_SASL_PASSWORD: password = '',
  } = environment;
  if (!['true', 'false', ''].includes(tls)) {
    throw new Error(`KAFKA_TLS: expected true or false, got "${tls}"`);
  }
  if ((username === '') !== (password === '')) {
    throw new Error('expected both KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or neither');
  }
  return new Kafka({
    clientId: 'equipmgnt-ops',
    ...brokersAt(brokersIn(environment)),
    ssl: tls === 'true',
    ...(username && { sasl: { mechanism: 'scram-sha-512', username, password } }),
    logLevel: logLevel.NOTHING,
    retry: { retries: 2 },
  });
}
