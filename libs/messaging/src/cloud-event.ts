import { events, isEventType, type EventData, type EventType } from '@equipmgnt/contracts';
import { isTraceparent } from '@equipmgnt/runtime';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

/** An event as its handler gets it: validated data, and the attributes of its envelope. */
export interface Received<T extends EventType = EventType> {
  /** The CloudEvents id: the same for each redelivery. */
  readonly id: string;
  readonly type: T;
  /** The Kafka key: the order's id, or the equipment's for EquipmentRegistered. */
  readonly key: string;
  readonly data: EventData<T>;
  /** When the event happened, by the publisher's clock. */
  readonly time: Date;
  readonly traceparent?: string;
}

/** An event in the outbox, ready to be published. */
export interface StoredEvent {
  readonly eventId: string;
  /** Possibly unknown to this version, if another version wrote the event. */
  readonly type: string;
  readonly key: string;
  /** JSON text. */
  readonly data: string;
  readonly occurredAt: Date;
  readonly traceparent: string | null;
}

/** Why a message can never be handled. */
export const DEAD_LETTER_CODES = [
  'NO_TYPE',
  'UNKNOWN_TYPE',
  'WRONG_TOPIC',
  'BAD_JSON',
  'BAD_DATA',
  'REFUSED',
  'TOO_LARGE',
] as const;

export type DeadLetterCode = (typeof DEAD_LETTER_CODES)[number];

/** A message that can never be handled; a retry would not help. */
export class Unprocessable extends Error {
  override readonly name = 'Unprocessable';

  constructor(
    readonly code: DeadLetterCode,
    message: string,
  ) {
    super(message);
  }
}

/**
 * CloudEvents 1.0 in Kafka's binary content mode: attributes in `ce_*` headers, data in the value.
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md
 */
export const toMessage = (source: string, event: StoredEvent): Message => ({
  key: event.key,
  value: event.data,
  headers: {
    ce_specversion: '1.0',
    ce_id: event.eventId,
    ce_source: source,
    ce_type: event.type,
    ce_time: event.occurredAt.toISOString(),
    ce_subject: event.key,
    'content-type': 'application/json',
    ...(event.traceparent && { traceparent: event.traceparent }),
  },
});

const header = (headers: IHeaders | undefined, name: string): string | undefined => {
  const value = headers?.[name];
  return value === undefined ? undefined : [value].flat()[0]?.toString();
};

/** The types of this suite, also those of later versions. */
const OWN_TYPE = /^equipmgnt\.[A-Za-z]\w*\.v[1-9]\d*$/;

/**
 * @returns nothing for an event of this suite whose type or version is unknown here: another version
 * publishes it
 * @throws Unprocessable with the reason, when the message is not one of this suite's events
 */
export function fromMessage(topic: string, message: KafkaMessage): Received | undefined {
  const type = header(message.headers, 'ce_type');
  if (type === undefined) throw new Unprocessable('NO_TYPE', 'the ce_type header is missing');
  if (!isEventType(type)) {
    if (OWN_TYPE.test(type)) return undefined;
    throw new Unprocessable('UNKNOWN_TYPE', `unknown event type: ${type}`);
  }
  const definition = events[type];
  if (definition.topic !== topic) {
    throw new Unprocessable('WRONG_TOPIC', `the topic of ${type} is ${definition.topic}`);
  }
  const parsed = definition.data.safeParse(parseJson(message.value));
  if (!parsed.success) {
    const issues = parsed.error.issues.map((i) => `${i.path.join('.') || 'data'}: ${i.message}`);
    throw new Unprocessable('BAD_DATA', issues.join('; '));
  }
  const data = parsed.data as EventData<EventType>;
  const time = new Date(header(message.headers, 'ce_time') ?? Number(message.timestamp));
  const traceparent = header(message.headers, 'traceparent');
  return {
    id: header(message.headers, 'ce_id') ?? `${topic}/${message.offset}`,
    type,
    key: message.key?.toString() ?? '',
    data,
    time: Number.isNaN(time.getTime()) ? new Date(Number(message.timestamp)) : time,
    ...(isTraceparent(traceparent) && { traceparent }),
  };
}

function parseJson(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString() ?? '');
  } catch (error) {
    throw new Unprocessable('BAD_JSON', `the value is not JSON: ${(error as Error).message}`);
  }
}
