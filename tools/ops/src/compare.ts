import type { PublishedEventType, StatefulService } from '@equipmgnt/contracts';
import type { OrderRows, ViewRow } from './order-rows.ts';

/** Where two services disagree. */
export type Difference =
  | {
      /** The owner of a fact has it, and a consumer has not handled its event. */
      readonly kind: 'unhandled';
      readonly type: PublishedEventType;
      /** The id of the order, or of the equipment for EquipmentRegistered. */
      readonly key: number;
      readonly consumer: StatefulService;
    }
  | {
      /** A consumer has handled an event whose fact its owner does not have, as after a restore. */
      readonly kind: 'lost';
      readonly type: PublishedEventType;
      readonly key: number;
      readonly owner: StatefulService;
      readonly shownBy: StatefulService;
    }
  /** The rows of an order have different units or approval ids. */
  | { readonly kind: 'mismatch'; readonly key: number; readonly detail: string }
  /** The stock of equipment is not what its ledger results in. */
  | { readonly kind: 'stock'; readonly key: number; readonly detail: string }
  /** mis counts another number of orders for equipment (0: for all of it) than it shows. */
  | { readonly kind: 'total'; readonly key: number; readonly detail: string };

/** The consumers of a fact about an order, apart from mis, which consumes all of them. */
interface FactRule {
  readonly owner: StatefulService;
  readonly shown: keyof ViewRow;
  /** Whether the owner has the fact; undefined if its rows do not show it. */
  readonly happened: (rows: OrderRows) => boolean | undefined;
  /** Whether the consumer has handled the event, and whether its rows prove that the fact exists. */
  readonly consumer?: {
    readonly service: StatefulService;
    readonly handled: (rows: OrderRows) => boolean;
    readonly proves: (rows: OrderRows) => boolean;
  };
}

const isFinal = (row: { readonly status: string } | undefined): boolean =>
  row?.status === 'CANCELLED' || row?.status === 'REJECTED';

/** In the order in which the events of one service follow each other. */
const rules = {
  'equipmgnt.Ordered.v1': {
    owner: 'order',
    shown: 'ordered',
    happened: ({ order }) => order !== undefined,
    consumer: {
      service: 'approval',
      handled: ({ approval }) => approval?.confirmed === true,
      proves: ({ approval }) => approval?.confirmed === true,
    },
  },
  'equipmgnt.OrderCancelled.v1': {
    owner: 'order',
    shown: 'cancelled',
    happened: ({ order }) => order?.status === 'CANCELLED',
    consumer: {
      service: 'approval',
      handled: ({ approval }) => isFinal(approval),
      proves: ({ approval }) => approval?.status === 'CANCELLED',
    },
  },
  'equipmgnt.ApprovalObtained.v1': {
    owner: 'approval',
    shown: 'obtained',
    happened: ({ approval }) => approval?.obtained ?? (approval ? undefined : false),
    consumer: {
      service: 'equipment',
      handled: ({ out }) => out !== undefined,
      proves: ({ out }) => out?.outcome === 'TAKEN' || out?.outcome === 'REFUSED',
    },
  },
  'equipmgnt.ApprovalRejected.v1': {
    owner: 'approval',
    shown: 'rejected',
    happened: ({ approval }) => approval?.status === 'REJECTED',
    consumer: {
      service: 'order',
      handled: ({ order }) => isFinal(order),
      proves: ({ order }) => order?.status === 'REJECTED',
    },
  },
  'equipmgnt.CancelRequested.v1': {
    owner: 'approval',
    shown: 'cancelRequested',
    happened: ({ approval }) => approval?.status === 'CANCELLED',
    consumer: {
      service: 'equipment',
      handled: (rows) => rows.in !== undefined,
      proves: (rows) => rows.in !== undefined,
    },
  },
  'equipmgnt.StockDecreased.v1': {
    owner: 'equipment',
    shown: 'decreased',
    happened: ({ out }) => out?.outcome === 'TAKEN',
  },
  'equipmgnt.StockRejected.v1': {
    owner: 'equipment',
    shown: 'stockRejected',
    happened: ({ out }) => out?.outcome === 'REFUSED',
    consumer: {
      service: 'approval',
      handled: ({ approval }) => isFinal(approval),
      proves: ({ approval }) => approval?.status === 'REJECTED',
    },
  },
  'equipmgnt.StockIncreased.v1': {
    owner: 'equipment',
    shown: 'increased',
    happened: (rows) => rows.in?.outcome === 'RETURNED',
  },
} as const satisfies Partial<Record<PublishedEventType, FactRule>>;

/** The types of the events of orders, those of one service in the order in which they happen. */
export const orderEventTypes = Object.keys(rules) as (keyof typeof rules)[];

/** Where the services disagree about one order. */
export function* compareOrder(key: number, rows: OrderRows): Iterable<Difference> {
  const exists = rows.order !== undefined;
  for (const type of orderEventTypes) {
    const { owner, shown, happened, consumer }: FactRule = rules[type];
    const fact = happened(rows);
    if (fact === true && !rows.view?.[shown])
      yield { kind: 'unhandled', type, key, consumer: 'mis' };
    if (fact === false && rows.view?.[shown])
      yield { kind: 'lost', type, key, owner, shownBy: 'mis' };
    if (consumer === undefined) continue;
    const { service } = consumer;
    // Without its row, order cannot handle an event. That the row is lost is a difference of its own.
    const canHandle = service !== 'order' || exists;
    if (fact === true && canHandle && !consumer.handled(rows))
      yield { kind: 'unhandled', type, key, consumer: service };
    if (fact === false && consumer.proves(rows))
      yield { kind: 'lost', type, key, owner, shownBy: service };
  }
  const { order, approval } = rows;
  // The other consumer of ApprovalObtained.
  if (approval?.obtained && order?.status === 'ORDERED')
    yield { kind: 'unhandled', type: 'equipmgnt.ApprovalObtained.v1', key, consumer: 'order' };
  yield* compareDetails(key, rows);
}

function* compareDetails(key: number, rows: OrderRows): Iterable<Difference> {
  const { order, approval, view } = rows;
  // What an unconfirmed approval is for does not count yet.
  const confirmed = approval?.confirmed ? approval : undefined;
  const units = {
    order,
    approval: confirmed,
    'ledger (OUT)': rows.out,
    'ledger (IN)': rows.in,
    mis: view?.ordered ? view : undefined,
  };
  const approvalIds = {
    order: order?.approvalId,
    approval: confirmed?.id,
    mis: view?.approvalId,
  };
  const unitTexts = Object.entries(units).flatMap(([name, row]) =>
    row ? [[name, `${row.qty} of equipment ${row.equipmentId}`] as const] : [],
  );
  const idTexts = Object.entries(approvalIds).flatMap(([name, id]) =>
    id ? [[name, `approval ${id}`] as const] : [],
  );
  for (const texts of [unitTexts, idTexts]) {
    if (new Set(texts.map(([, text]) => text)).size > 1)
      yield { kind: 'mismatch', key, detail: texts.map((text) => text.join(': ')).join(', ') };
  }
}

/** The difference as a sentence. */
export function describe(difference: Difference): string {
  const { key } = difference;
  if (difference.kind === 'mismatch') return `order ${key} differs: ${difference.detail}`;
  if (difference.kind === 'stock') return `equipment ${key} has ${difference.detail}`;
  if (difference.kind === 'total')
    return `mis counts ${difference.detail} of ${key === 0 ? 'all equipment' : `equipment ${key}`}`;
  const name = difference.type.split('.')[1];
  const subject = difference.type === 'equipmgnt.EquipmentRegistered.v1' ? 'equipment' : 'order';
  return difference.kind === 'unhandled'
    ? `${difference.consumer} has not handled ${name} of ${subject} ${key}`
    : `${difference.owner} does not have ${name} of ${subject} ${key}, which ${difference.shownBy} shows`;
}
