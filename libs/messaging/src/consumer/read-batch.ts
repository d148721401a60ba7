import type { EventType } from '@equipmgnt/contracts';
import type { KafkaMessage } from 'kafkajs';
import { fromMessage, Unprocessable } from '../cloud-event.ts';
import { unreadable } from './codecs.ts';
import type { ConsumerMetrics } from './consumer-metrics.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { Delivery } from './in-order.ts';

/** Messages that this build cannot read, for example because of an unknown compression codec. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/**
 * Parses the messages of a partition. Skips events without a handler here and those of other versions.
 * @returns the events to handle, and the messages that are no events
 * @throws Unreadable when a message must wait for a build that can read it
 */
export function readBatch(
  topic: string,
  messages: readonly KafkaMessage[],
  isHandled: (type: EventType) => boolean,
  metrics: ConsumerMetrics,
): { deliveries: Delivery[]; rejected: DeadLetter[] } {
  const deliveries: Delivery[] = [];
  const rejected: DeadLetter[] = [];
  let skipped = 0;
  for (const message of messages) {
    const reason = unreadable(message);
    if (reason !== undefined) throw new Unreadable(`offset ${message.offset}: ${reason}`);
    try {
      const event = fromMessage(topic, message);
      if (event === undefined) skipped += 1;
      else if (isHandled(event.type)) deliveries.push({ message, event });
    } catch (error) {
      if (!(error instanceof Unprocessable)) throw error;
      rejected.push({ message, code: error.code, reason: error.message });
    }
  }
  if (skipped > 0) metrics.skipped.inc({ topic }, skipped);
  return { deliveries, rejected };
}
