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

/** The events of an order, by the service that publishes them; each happens at most once. */
const EVENTS = {
  order: ['Ordered', 'OrderCancelled'],
  approval: ['ApprovalObtained', 'ApprovalRejected', 'CancelRequested'],
  equipment: ['StockDecreased', 'StockIncreased', 'StockRejected'],
} as const;

export type OrderEventName = (typeof EVENTS)[keyof typeof EVENTS][number];
export type EventName = OrderEventName | 'EquipmentRegistered';

export const orderEvents: readonly OrderEventName[] = Object.values(EVENTS).flat();

/** By `ce_type`: the name of the event, and the topic to which it belongs. */
export const eventTypes: ReadonlyMap<string, { name: EventName; topic: string }> = new Map(
  Object.entries({ ...EVENTS, equipment: ['EquipmentRegistered', ...EVENTS.equipment] as const })
    .flatMap(([service, names]) => names.map((name) => ({ name, topic: `equipmgnt.${service}` })))
    .map((type) => [`equipmgnt.${type.name}.v1`, type]),
);

/** Pairs of events of one order on one topic: the first is published before the second. */
export const sequences = [
  ['Ordered', 'OrderCancelled'],
  ['ApprovalObtained', 'CancelRequested'],
  ['ApprovalObtained', 'ApprovalRejected'],
  ['StockDecreased', 'StockIncreased'],
] as const satisfies readonly (readonly [OrderEventName, OrderEventName])[];
