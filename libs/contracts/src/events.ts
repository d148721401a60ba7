import { z } from 'zod';

/** The largest stock or quantity: PostgreSQL's and MariaDB's 4-byte integer. */
export const MAX_QUANTITY = 2_147_483_647;

const id = z.int().positive();
const orderId = id.describe('The order that this is about.');
const approvalId = id.describe('The approval of that order.');
const equipmentId = id.describe('The equipment that is lent.');
const qty = z.int().min(1).max(MAX_QUANTITY).describe('Units lent.');
const stock = z.int().min(0).max(MAX_QUANTITY);
const reason = z.string().min(1).describe('Why, as a stable code, e.g. OUT_OF_STOCK.');

const orderFact = z.object({ orderId, equipmentId, qty });
const approvalFact = z.object({ approvalId, orderId, equipmentId, qty });
const stockFact = z.object({
  orderId,
  equipmentId,
  qty,
  stock: stock.describe('Units left after it.'),
});

/** Topics, one per publishing service. */
export const topics = {
  order: 'equipmgnt.order',
  approval: 'equipmgnt.approval',
  equipment: 'equipmgnt.equipment',
} as const;

export type Topic = (typeof topics)[keyof typeof topics];

/** Where a topic's messages go that can never be handled. */
export const deadLetterTopic = (topic: string): string => `${topic}.dlt`;

interface EventDefinition {
  readonly topic: Topic;
  /** The data field whose value is the Kafka key: events with one key stay in order. */
  readonly key: 'orderId' | 'equipmentId';
  readonly summary: string;
  readonly data: z.ZodObject;
}

/**
 * Every event of the suite by its CloudEvents type: where it is published, what it is keyed by and
 * what its data look like. Types, validation and the AsyncAPI document all come from here.
 * Adding an optional field is compatible; anything else is a new version (`….v2`).
 */
export const events = {
  'equipmgnt.EquipmentRegistered.v1': {
    topic: topics.equipment,
    key: 'equipmentId',
    summary: 'A manager registered equipment with its first stock.',
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
    summary: 'An employee ordered equipment; the order waits for its approval.',
    data: orderFact,
  },
  'equipmgnt.OrderCancelled.v1': {
    topic: topics.order,
    key: 'orderId',
    summary: 'An employee cancelled an order, approved or still waiting.',
    data: orderFact,
  },
  'equipmgnt.OrderRejected.v1': {
    topic: topics.order,
    key: 'orderId',
    summary: 'Order refused the approval it was given: it is for another equipment or quantity.',
    data: orderFact.extend({ reason }),
  },
  'equipmgnt.ApprovalObtained.v1': {
    topic: topics.approval,
    key: 'orderId',
    summary: 'An order was approved; equipment hands the units out.',
    data: approvalFact,
  },
  'equipmgnt.ApprovalRejected.v1': {
    topic: topics.approval,
    key: 'orderId',
    summary: 'An approval was withdrawn, because equipment could not hand the units out.',
    data: approvalFact.extend({ reason }),
  },
  'equipmgnt.CancelRequested.v1': {
    topic: topics.approval,
    key: 'orderId',
    summary: 'An approval was cancelled; equipment takes the units back if it had handed them out.',
    data: approvalFact,
  },
  'equipmgnt.StockDecreased.v1': {
    topic: topics.equipment,
    key: 'orderId',
    summary: 'Units were handed out for an approved order.',
    data: stockFact,
  },
  'equipmgnt.StockIncreased.v1': {
    topic: topics.equipment,
    key: 'orderId',
    summary: 'Units of a cancelled order were taken back.',
    data: stockFact,
  },
  'equipmgnt.StockRejected.v1': {
    topic: topics.equipment,
    key: 'orderId',
    summary: 'Units could not be handed out: too few in stock, or no such equipment.',
    data: approvalFact.extend({ reason }),
  },
} as const satisfies Record<`equipmgnt.${string}.v${number}`, EventDefinition>;

export type EventType = keyof typeof events;

/** The data of one event type, as validated on receipt. */
export type EventData<T extends EventType> = z.infer<(typeof events)[T]['data']>;

/** A fact as the domain records it: which event it will be, its data, and when it happened. */
export type EventFact = {
  [T in EventType]: { readonly type: T; readonly data: EventData<T>; readonly at: Date };
}[EventType];

/** Whether `type` is one of this suite's event types. */
export const isEventType = (type: string): type is EventType => Object.hasOwn(events, type);
