import type { Poison, TopicMessage } from '../run-record.ts';
import { eventTypes, sequences, type EventName, type OrderEventName } from './specification.ts';

/** An event with its first message on the topic; duplicates are left out. */
export interface Event {
  readonly name: EventName;
  readonly message: TopicMessage;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The distinct events of an order, by name. */
export type EventsOfOrder = ReadonlyMap<OrderEventName, Event>;

/** The events on the topics, without duplicates and poison messages. */
export interface EventLog {
  readonly ofOrders: ReadonlyMap<number, EventsOfOrder>;
  /** EquipmentRegistered, by equipment. */
  readonly registrations: ReadonlyMap<number, Event>;
  readonly differences: readonly string[];
}

export const positionOf = (at: { topic: string; partition: number; offset: string }): string =>
  `${at.topic}[${at.partition}]@${at.offset}`;

export const nameOf = ({ name, message }: Event): string =>
  `${name} ${message.id} at ${positionOf(message)}`;

/** Reads the events from the messages, and ignores those that the harness poisoned on purpose. */
export function readEvents(messages: readonly TopicMessage[], poison: readonly Poison[]): EventLog {
  const differences: string[] = [];
  const poisoned = new Set(poison.map(positionOf));
  const firsts = new Map<string, TopicMessage>();
  const partitions = new Map<string, Map<string, number>>();
  const ofOrders = new Map<number, Map<OrderEventName, Event>>();
  const registrations = new Map<number, Event>();

  for (const message of messages) {
    if (poisoned.size > 0 && poisoned.has(positionOf(message))) continue;
    const moved = onAnotherPartition(message, partitions);
    if (moved) differences.push(moved);
    const first = firsts.get(message.id);
    if (first && message.id !== '') {
      differences.push(...changed(first, message));
      continue;
    }
    firsts.set(message.id, message);
    const event = readEvent(message);
    if (typeof event === 'string') {
      differences.push(event);
      continue;
    }
    const another =
      event.name === 'EquipmentRegistered'
        ? keepFirst(registrations, Number(message.key), event)
        : keepFirst(eventsOf(ofOrders, Number(message.key)), event.name, event);
    if (another) {
      const what = event.name === 'EquipmentRegistered' ? 'equipment' : 'order';
      differences.push(
        `${what} ${message.key} has more than one ${event.name}: ` +
          `${message.id} at ${positionOf(message)} and ${another.message.id} at ${positionOf(another.message)}`,
      );
    }
  }
  for (const [orderId, events] of ofOrders) differences.push(...outOfOrder(orderId, events));
  return { ofOrders, registrations, differences };
}

/** Kafka keeps the order of a partition only, so all messages of a key must be on one partition. */
function onAnotherPartition(
  { topic, partition, key }: TopicMessage,
  partitions: Map<string, Map<string, number>>,
): string | undefined {
  const ofTopic = partitions.get(topic) ?? new Map<string, number>();
  partitions.set(topic, ofTopic);
  const known = ofTopic.get(key);
  if (known === partition) return undefined;
  ofTopic.set(key, partition);
  return known === undefined
    ? undefined
    : `key ${key} is on partitions ${known} and ${partition} of ${topic}`;
}

function* changed(first: TopicMessage, again: TopicMessage): Iterable<string> {
  for (const field of ['topic', 'key', 'type', 'value'] as const) {
    if (first[field] === again[field]) continue;
    yield (
      `event ${first.id} at ${positionOf(first)} was sent again at ${positionOf(again)} ` +
      `with ${field} ${again[field]} instead of ${first[field]}`
    );
  }
}

/** The event, or the reason why the message is not an event. */
function readEvent(message: TopicMessage): Event | string {
  const where = `message ${positionOf(message)}`;
  const type = eventTypes.get(message.type);
  if (type === undefined) return `${where} is not an event: its type is "${message.type}"`;
  if (type.topic !== message.topic)
    return `${where} is of type ${type.name}, which belongs on ${type.topic}`;
  if (message.id === '') return `${where} is of type ${type.name}, without an id`;
  const data = parse(message.value);
  if (data === undefined)
    return `${where} is of type ${type.name}, but its value is not a JSON object: ${message.value}`;
  const subject = type.name === 'EquipmentRegistered' ? 'equipmentId' : 'orderId';
  if (!Number.isInteger(data[subject]) || String(data[subject]) !== message.key) {
    return `${where} is of type ${type.name} under key ${message.key}, but its ${subject} is ${data[subject]}`;
  }
  return { name: type.name, message, data };
}

function parse(value: string): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(value);
    return typeof data === 'object'
      ? ((data as Record<string, unknown> | null) ?? undefined)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Stores the event, unless the key has one already; then it returns that one. */
function keepFirst<Key>(events: Map<Key, Event>, key: Key, event: Event): Event | undefined {
  const known = events.get(key);
  if (known === undefined) events.set(key, event);
  return known;
}

function eventsOf(
  orders: Map<number, Map<OrderEventName, Event>>,
  orderId: number,
): Map<OrderEventName, Event> {
  const events = orders.get(orderId) ?? new Map<OrderEventName, Event>();
  orders.set(orderId, events);
  return events;
}

function* outOfOrder(orderId: number, events: EventsOfOrder): Iterable<string> {
  for (const [name, laterName] of sequences) {
    const before = events.get(name)?.message;
    const after = events.get(laterName)?.message;
    if (before === undefined || after === undefined) continue;
    if (before.partition !== after.partition) continue; // reported by onAnotherPartition
    if (Number(before.offset) < Number(after.offset)) continue;
    yield (
      `order ${orderId} has its ${laterName} at ${positionOf(after)}, ` +
      `before its ${name} at ${positionOf(before)}`
    );
  }
}
