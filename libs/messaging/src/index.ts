export { brokersAt } from './broker-addresses.ts';
export type { Received } from './cloud-event.ts';
export { KafkaStrategy } from './consumer/kafka.strategy.ts';
export { createKafka, kafkaConfig, type KafkaConfig } from './kafka.ts';
export { consumeEvents, MessagingModule } from './messaging.module.ts';
export { outboxMigrations } from './outbox/outbox.migration.ts';
export { eventRows, eventsParameter, INTO_OUTBOX, type RecordedFact } from './outbox/outbox.ts';
export { OutboxRelay } from './outbox/relay.ts';
