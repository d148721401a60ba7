import { z } from 'zod';
import { events, topics, type EventType } from './events.ts';

const shortName = (type: EventType): string => type.split('.')[1] ?? type;

/** A JSON schema of an event. */
export interface EventSchema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, EventSchema>>;
  readonly required?: readonly string[];
}

export interface EventMessage {
  /** The `ce_type`. */
  readonly name: string;
  readonly summary: string;
  readonly headers: EventSchema;
  readonly payload: EventSchema;
  readonly bindings: {
    readonly kafka: { readonly key: { readonly type: string; readonly description: string } };
  };
}

/** The parts of AsyncAPI 3.0 that the suite uses. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly defaultContentType: string;
  /** By topic. The keys of `messages` are those of the components. */
  readonly channels: Readonly<
    Record<
      string,
      {
        readonly address: string;
        readonly description: string;
        readonly messages: Readonly<Record<string, object>>;
      }
    >
  >;
  readonly operations: Readonly<Record<string, object>>;
  readonly components: { readonly messages: Readonly<Record<string, EventMessage>> };
}

/**
 * The AsyncAPI 3.0 document of all events that the suite publishes, derived from the event
 * catalogue. Messages are CloudEvents 1.0 in Kafka's binary content mode.
 *
 * @see https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApiDocument(): AsyncApiDocument {
  const types = (Object.keys(events) as EventType[]).filter((type) => !('retired' in events[type]));
  const ofTopic = (topic: string) => types.filter((type) => events[type].topic === topic);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Equipment rental events',
      version: '1.0.0',
      description: 'CloudEvents 1.0, binary content mode: `ce_*` headers, JSON data in the value.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      Object.entries(topics).map(([service, topic]) => [
        topic,
        {
          address: topic,
          description: `Published only by ${service}. The key keeps the events of one order in order.`,
          messages: Object.fromEntries(
            ofTopic(topic).map((type) => [
              shortName(type),
              { $ref: `#/components/messages/${shortName(type)}` },
            ]),
          ),
        },
      ]),
    ),
    operations: Object.fromEntries(
      types.map((type) => [
        `publish${shortName(type)}`,
        {
          action: 'send',
          channel: { $ref: `#/channels/${events[type].topic}` },
          messages: [{ $ref: `#/channels/${events[type].topic}/messages/${shortName(type)}` }],
        },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        types.map((type) => [
          shortName(type),
          {
            name: type,
            summary: events[type].summary,
            headers: jsonSchema(cloudEventHeaders(type)),
            payload: jsonSchema(events[type].data),
            bindings: {
              kafka: { key: { type: 'string', description: `The ${events[type].key}.` } },
            },
          },
        ]),
      ),
    },
  };
}

const cloudEventHeaders = (type: EventType) =>
  z.object({
    ce_specversion: z.literal('1.0'),
    ce_id: z.string().describe('Unique per event; the same in every redelivery.'),
    ce_source: z.string().describe('The publishing service, e.g. /order.'),
    ce_type: z.literal(type),
    ce_time: z.iso.datetime(),
    ce_subject: z.string().describe('The Kafka key.'),
    traceparent: z.string().optional(),
  });

const jsonSchema = (schema: z.ZodType): EventSchema => z.toJSONSchema(schema) as EventSchema;
