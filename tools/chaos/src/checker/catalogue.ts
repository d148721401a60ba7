/** The states of an order, and where each may still lead, itself included. */
const LEADS_TO: Readonly<Record<string, readonly string[]>> = {
  ORDERED: ['ORDERED', 'APPROVED', 'CANCELLED', 'REJECTED'],
  APPROVED: ['APPROVED', 'CANCELLED', 'REJECTED'],
  CANCELLED: ['CANCELLED'],
  REJECTED: ['REJECTED'],
};

export const isStatus = (status: string): boolean => Object.hasOwn(LEADS_TO, status);

export const canBecome = (status: string, later: string): boolean =>
  LEADS_TO[status]?.includes(later) ?? false;

/** What can happen to an order; each at most once. */
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

/** Events by their `ce_type`: on which topic each belongs. */
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

/** Of one order on one topic, the first comes before the second. */
export const sequences = [
  ['Ordered', 'OrderCancelled'],
  ['ApprovalObtained', 'CancelRequested'],
  ['ApprovalObtained', 'ApprovalRejected'],
  ['StockDecreased', 'StockIncreased'],
] as const satisfies readonly (readonly [OrderEventName, OrderEventName])[];
