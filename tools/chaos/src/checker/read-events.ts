import type { Position, TopicMessage } from '../run-record.ts';
import { eventTypes, sequences, type EventName, type OrderEventName } from './specification.ts';

/** An event with its first message on the topic; duplicates are left out. */
export interface Event {
  readonly name: EventName;
  readonly message: TopicMessage;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The value at a key, which is made if there is none. */
export function at<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

export const positionOf = ({ topic, partition, offset }: Position): string =>
  `${topic}[${partition}]@${offset}`;

export const nameOf = ({ name, message }: Event): string =>
  `${name} ${message.id} at ${positionOf(message)}`;

/** The distinct events on the topics, without those that the harness poisoned on purpose. */
export function readEvents(messages: readonly TopicMessage[], poison: readonly Position[]) {
  const differences: string[] = [];
  const poisoned = new Set(poison.map(positionOf));
  const firsts = new Map<string, TopicMessage>();
  const partitions = new Map<string, number>();
  const ofOrders = new Map<number, Map<OrderEventName, Event>>();
  /** EquipmentRegistered, by equipment. */
  const registrations = new Map<number, Event>();

  const keep = <Name>(events: Map<Name, Event>, key: Name, event: Event, what: string) => {
    const { name, message } = event;
    const another = events.get(key);
    if (another === undefined) events.set(key, event);
    else {
      differences.push(
        `${what} ${message.key} has more than one ${name}: ` +
          `${message.id} at ${positionOf(message)} and ${another.message.id} at ${positionOf(another.message)}`,
      );
    }
  };
  for (const message of messages) {
    if (poisoned.has(positionOf(message))) continue;
    differences.push(...onAnotherPartition(message, partitions));
    const first = firsts.get(message.id);
    if (first && message.id !== '') {
      differences.push(...changed(first, message));
      continue;
    }
    firsts.set(message.id, message);
    const event = readEvent(message);
    const key = Number(message.key);
    if (typeof event === 'string') differences.push(event);
    else if (event.name === 'EquipmentRegistered') keep(registrations, key, event, 'equipment');
    else
      keep(
        at(ofOrders, key, () => new Map()),
        event.name,
        event,
        'order',
      );
  }
  for (const [orderId, events] of ofOrders) differences.push(...outOfOrder(orderId, events));
  return { ofOrders, registrations, differences };
}

/** Kafka keeps the order of a partition only, so all messages of a key must be on one partition. */
function* onAnotherPartition(
  { topic, partition, key }: TopicMessage,
  partitions: Map<string, number>,
): Iterable<string> {
  const known = partitions.get(`${topic} ${key}`) ?? partition;
  partitions.set(`${topic} ${key}`, partition);
  if (known !== partition)
    yield `key ${key} is on partitions ${known} and ${partition} of ${topic}`;
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
  const type = eventTypes.get(message.type);
  const where = `message ${positionOf(message)} is`;
  if (type === undefined) return `${where} not an event: its type is "${message.type}"`;
  const { name, topic } = type;
  if (topic !== message.topic) return `${where} of type ${name}, which belongs on ${topic}`;
  if (message.id === '') return `${where} of type ${name}, without an id`;
  const data = parse(message.value);
  if (data === undefined) {
    return `${where} of type ${name}, but its value is not a JSON object: ${message.value}`;
  }
  const subject = name === 'EquipmentRegistered' ? 'equipmentId' : 'orderId';
  if (!Number.isInteger(data[subject]) || String(data[subject]) !== message.key) {
    return `${where} of type ${name} under key ${message.key}, but its ${subject} is ${data[subject]}`;
  }
  return { name, message, data };
}

function parse(value: string): Record<string, unknown> | undefined {
  try {
    const data = JSON.parse(value);
    return typeof data === 'object' ? (data ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

function* outOfOrder(
  orderId: number,
  events: ReadonlyMap<OrderEventName, Event>,
): Iterable<string> {
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
