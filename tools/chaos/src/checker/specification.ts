/** The states of an order, with the states that may follow each, itself included. */
const MAY_BECOME: Readonly<Record<string, readonly string[]>> = {
  ORDERED: ['ORDERED', 'APPROVED', 'CANCELLED', 'REJECTED'],
  APPROVED: ['APPROVED', 'CANCELLED', 'REJECTED'],
  CANCELLED: ['CANCELLED'],
  REJECTED: ['REJECTED'],
};

export const isStatus = (status: string): boolean => Object.hasOwn(MAY_BECOME, status);

export const canBecome = (status: string, later: string): boolean =>
  MAY_BECOME[status]?.includes(later) ?? false;

/** The events of an order; each happens at most once. */
export const orderEvents = [
  'Ordered',
  'OrderCancelled',
  'ApprovalObtained',
  'ApprovalRejected',
  'CancelRequested',
  'StockDecreased',
  'StockIncreased',
  'StockRejected',
] as const;

export type OrderEventName = (typeof orderEvents)[number];
export type EventName = OrderEventName | 'EquipmentRegistered';

/** By `ce_type`: the name of the event, and the topic to which it belongs. */
export const eventTypes: ReadonlyMap<string, { name: EventName; topic: string }> = new Map(
  Object.entries({
    Ordered: 'order',
    OrderCancelled: 'order',
    ApprovalObtained: 'approval',
    ApprovalRejected: 'approval',
    CancelRequested: 'approval',
    EquipmentRegistered: 'equipment',
    StockDecreased: 'equipment',
    StockIncreased: 'equipment',
    StockRejected: 'equipment',
  } satisfies Record<EventName, string>).map(([name, service]) => [
    `equipmgnt.${name}.v1`,
    { name: name as EventName, topic: `equipmgnt.${service}` },
  ]),
);

/** Pairs of events of one order on one topic: the first is published before the second. */
export const sequences = [
  ['Ordered', 'OrderCancelled'],
  ['ApprovalObtained', 'CancelRequested'],
  ['ApprovalObtained', 'ApprovalRejected'],
  ['StockDecreased', 'StockIncreased'],
] as const satisfies readonly (readonly [OrderEventName, OrderEventName])[];
