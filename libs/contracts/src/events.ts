import { z } from 'zod';

/** The largest stock or quantity: PostgreSQL's and MariaDB's 4-byte integer. */
export const MAX_QUANTITY = 2_147_483_647;

const id = z.int().positive();
const orderId = id.describe('The order.');
const approvalId = id.describe('The approval of the order.');
const equipmentId = id.describe('The equipment.');
const qty = z.int().min(1).max(MAX_QUANTITY).describe('Units ordered.');
const stock = z.int().min(0).max(MAX_QUANTITY);
const reason = z.string().min(1).describe('The reason as a stable code, e.g. OUT_OF_STOCK.');

const requester = z
  .object({ id: z.string().min(1), name: z.string().min(1) })
  .describe('The employee who placed the order; absent if nobody had signed in.');

const orderFact = z.object({ orderId, equipmentId, qty });
const approvalFact = z.object({ approvalId, orderId, equipmentId, qty });
const stockFact = z.object({
  orderId,
  equipmentId,
  qty,
  stock: stock.describe('Units in stock after the change.'),
});

/** Topics, one per publishing service. */
export const topics = {
  order: 'equipmgnt.order',
  approval: 'equipmgnt.approval',
  equipment: 'equipmgnt.equipment',
} as const;

export type Topic = (typeof topics)[keyof typeof topics];

/** The topic for messages of `topic` that can never be handled. */
export const deadLetterTopic = (topic: string): string => `${topic}.dlt`;

interface EventDefinition {
  readonly topic: Topic;
  /** The data field whose value is the Kafka key: events with one key stay in order. */
  readonly key: 'orderId' | 'equipmentId';
  readonly summary: string;
  readonly data: z.ZodObject;
  /** Set when only earlier versions publish it. It stays readable, because topics keep everything. */
  readonly retired?: true;
}

/**
 * Every event of the suite by its CloudEvents type: its topic, its Kafka key and its data. The types,
 * the validation and the AsyncAPI document are derived from it. A new optional field is compatible;
 * any other change is a new version (`….v2`).
 */
export const events = {
  'equipmgnt.EquipmentRegistered.v1': {
    topic: topics.equipment,
    key: 'equipmentId',
    summary: 'A manager registered equipment with its initial stock.',
    data: z.object({
      equipmentId,
      stock: stock.describe('Units registered.'),
      name: z.string().optional(),
      category: z.string().optional(),
      region: z.string().optional(),
    }),
  },
  'equipmgnt.Ordered.v1': {
    topic: topics.order,
    key: 'orderId',
    summary: 'An employee placed an order, which waits for its approval.',
    data: orderFact.extend({ requester: requester.exactOptional() }),
  },
  'equipmgnt.OrderCancelled.v1': {
    topic: topics.order,
    key: 'orderId',
    summary: 'An employee cancelled an order, with or without an approval.',
    data: orderFact,
  },
  'equipmgnt.OrderRejected.v1': {
    topic: topics.order,
    key: 'orderId',
    summary: 'Order refused an approval of other equipment or another quantity.',
    data: orderFact.extend({ reason }),
    retired: true,
  },
  'equipmgnt.ApprovalObtained.v1': {
    topic: topics.approval,
    key: 'orderId',
    summary: 'An order was approved. Equipment decreases the stock.',
    data: approvalFact,
  },
  'equipmgnt.ApprovalRejected.v1': {
    topic: topics.approval,
    key: 'orderId',
    summary: 'An approval was rejected, because equipment has too few units, or no such equipment.',
    data: approvalFact.extend({ reason }),
  },
  'equipmgnt.CancelRequested.v1': {
    topic: topics.approval,
    key: 'orderId',
    summary: 'An approval was cancelled. Equipment increases the stock if it had decreased it.',
    data: approvalFact,
  },
  'equipmgnt.StockDecreased.v1': {
    topic: topics.equipment,
    key: 'orderId',
    summary: 'The stock was decreased for an approved order.',
    data: stockFact,
  },
  'equipmgnt.StockIncreased.v1': {
    topic: topics.equipment,
    key: 'orderId',
    summary: 'The stock was increased by the units of a cancelled order.',
    data: stockFact,
  },
  'equipmgnt.StockRejected.v1': {
    topic: topics.equipment,
    key: 'orderId',
    summary: 'The stock was not decreased: too few units, or no such equipment.',
    data: approvalFact.extend({ reason }),
  },
} as const satisfies Record<`equipmgnt.${string}.v${number}`, EventDefinition>;

/** Every type that a consumer may find on the topics. */
export type EventType = keyof typeof events;

/** The types that are still published. */
export type PublishedEventType = {
  [T in EventType]: (typeof events)[T] extends { retired: true } ? never : T;
}[EventType];

/** The data of one event type, as validated on receipt. */
export type EventData<T extends EventType> = z.infer<(typeof events)[T]['data']>;

/** What an order is for, as Ordered says it: every field that order stores and mis shows. */
export type OrderDetails = Readonly<Omit<EventData<'equipmgnt.Ordered.v1'>, 'orderId'>>;

/** Who placed an order: the id is the `sub` of the token, and never another person's. */
export type Requester = Readonly<z.infer<typeof requester>>;

/** An event as the domain records it: its type, its data and its time. */
export type EventFact = {
  [T in PublishedEventType]: { readonly type: T; readonly data: EventData<T>; readonly at: Date };
}[PublishedEventType];

/** Whether `type` is an event type of this suite, retired ones included. */
export const isEventType = (type: string): type is EventType => Object.hasOwn(events, type);
