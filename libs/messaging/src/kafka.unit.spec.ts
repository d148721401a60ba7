import { readConfig } from '@equipmgnt/runtime';
import { createKafka, kafkaConfig } from './kafka.ts';

const create = (environment: Record<string, string>) =>
  createKafka('order', readConfig(kafkaConfig, { KAFKA_BROKERS: 'kafka:9092', ...environment }));

describe('The connection to Kafka', () => {
  it.each([
    [{}],
    [{ KAFKA_BROKERS: 'kafka-0.kafka:9092, 10.0.0.1:9093' }],
    [{ KAFKA_BROKERS: '[::1]:9092,[fd00::12]:9093' }],
    [{ KAFKA_TLS: 'true' }],
    [{ KAFKA_TLS: 'true', KAFKA_SASL_USERNAME: 'order', KAFKA_SASL_PASSWORD: 'secret' }],
  ])('accepts %j', (environment) => {
    expect(() => create(environment)).not.toThrow();
  });

  it.each([
    [{ KAFKA_SASL_USERNAME: 'order' }, /^KAFKA_SASL_PASSWORD: .* it is not set$/],
    [{ KAFKA_SASL_PASSWORD: 'secret' }, /^KAFKA_SASL_USERNAME: .* it is not set$/],
    [{ KAFKA_BROKERS: 'kafka' }, /^KAFKA_BROKERS: expected host:port.*, got "kafka"$/],
    [{ KAFKA_BROKERS: 'kafka://kafka:9092' }, /^KAFKA_BROKERS: expected host:port/],
    [{ KAFKA_BROKERS: 'a:9092;b:9092' }, /^KAFKA_BROKERS: expected host:port/],
    [{ KAFKA_BROKERS: '::1:9092' }, /^KAFKA_BROKERS: expected host:port/],
    [{ KAFKA_TLS: 'yes' }, /^KAFKA_TLS: expected true or false, got "yes"$/],
  ])('rejects %j with a message that does not show the password', (environment, complaint) => {
    expect(() => create(environment)).toThrow(complaint);
    expect(() => create(environment)).not.toThrow(/secret/);
  });
});
