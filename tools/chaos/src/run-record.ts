/**
 * What a run leaves behind for the checker: what clients sent and received, what was seen of the
 * suite while it ran, and what its services hold at the end. Times are ms since the run's start.
 */
export interface RunRecord {
  readonly history: History;
  readonly final: FinalState;
}

export type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

/** What clients did, in no particular order. */
export interface History {
  /** Equipment as it was registered. */
  readonly registered: readonly StockOf[];
  readonly orders: readonly OrderAttempt[];
  readonly cancellations: readonly Cancellation[];
  /** The status of an order, as a client or the sampler received it. */
  readonly sightings: readonly Sighting[];
  /** The stock of an equipment as equipment's database had it at a moment. */
  readonly stockSamples: readonly { equipmentId: number; stock: number; at: number }[];
}

/** Of an equipment. */
export interface StockOf {
  readonly id: number;
  readonly stock: number;
}

export interface Units {
  readonly equipmentId: number;
  readonly qty: number;
}

/** One order that a client wants, under one Idempotency-Key, however often it has to send it. */
export interface OrderAttempt extends Units {
  readonly key: string;
  readonly sentAt: number;
  readonly answers: readonly OrderAnswer[];
}

export type OrderAnswer = { readonly at: number } & (
  | /** 201 or 202: the order is taken. */
    { readonly kind: 'acknowledged'; readonly orderId: number; readonly status: string }
    /** 4xx: refused; there must be no order. */
  | { readonly kind: 'refused'; readonly httpStatus: number }
  /** 5xx, a timeout or a broken connection: it may have been taken. Sent again until it is known. */
  | { readonly kind: 'unknown'; readonly cause: string }
);

/** A client's PATCH to CANCELLED, sent until the answer is known. */
export interface Cancellation {
  readonly orderId: number;
  readonly sentAt: number;
  /** 200 is 'cancelled', 409 'refused' (it was rejected before); 'unknown' when it never got an answer. */
  readonly outcome: 'cancelled' | 'refused' | 'unknown';
}

export interface Sighting {
  readonly orderId: number;
  readonly status: string;
  /** When the request was sent, and when the answer came. */
  readonly from: number;
  readonly to: number;
}

/** What services and topics hold when everything is at rest. */
export interface FinalState {
  readonly orders: readonly OrderRow[];
  readonly approvals: readonly ApprovalRow[];
  readonly equipments: readonly StockOf[];
  readonly ledger: readonly LedgerRow[];
  readonly views: readonly ViewRow[];
  /** The view of a mis that started with an empty database and read the topics from their start. */
  readonly rebuiltViews: readonly ViewRow[] | undefined;
  /** What is on the topics, partition by partition, in the order of offsets. */
  readonly messages: readonly TopicMessage[];
  /**
   * Those of the messages that the harness made so that they can never be handled, and the consumer
   * groups that must move it aside, each once: none for an event of a later version, which is skipped.
   */
  readonly poison: readonly (Position & { readonly groups: readonly string[] })[];
  readonly deadLetters: readonly (Position & { readonly group: string })[];
  /** Rows that are still in an outbox, by service. */
  readonly outbox: Readonly<Record<string, number>>;
}

export interface OrderRow extends Units {
  readonly id: number;
  readonly status: string;
  readonly approvalId: number | null;
}

export interface ApprovalRow extends Units {
  readonly id: number;
  readonly orderId: number;
  readonly status: string;
}

/** A row of equipment's stock ledger: OUT with TAKEN or REFUSED, IN with RETURNED or VOID. */
export interface LedgerRow extends Units {
  readonly orderId: number;
  readonly direction: string;
  readonly outcome: string;
}

/** A row of mis as its API shows it. */
export interface ViewRow extends Units {
  readonly id: number;
  readonly status: string;
  readonly approvalId: number | undefined;
  /** Names of the events of its timeline, e.g. Ordered, in their order. */
  readonly timeline: readonly string[];
}

/** Of a message. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

export interface TopicMessage extends Position {
  readonly key: string;
  /** `ce_id` and `ce_type`; empty where the message has none. */
  readonly id: string;
  readonly type: string;
  /** The value as text; what was sent twice must be the same. */
  readonly value: string;
}

/** Something that was broken on purpose. */
export interface Fault {
  /** E.g. `SIGKILL order`, `Kafka down`, `approval hung`. */
  readonly what: string;
  /** What it happened to: a service or a dependency. */
  readonly target: string;
  readonly from: number;
  /** When it was started again or fixed. */
  readonly to: number;
}

/** What was measured at a moment, once or twice a second. */
export interface Sample {
  readonly at: number;
  /** Orders acknowledged so far. */
  readonly acknowledged: number;
  /** Orders sent that no answer is known for yet, or that will be sent again. */
  readonly unknown: number;
  /** Messages not yet handled, over all consumers; rows in all outboxes. */
  readonly lag: number;
  readonly outbox: number;
  /** Resident memory in bytes and open file descriptors, by process; absent while it is down. */
  readonly processes: Readonly<Record<string, { readonly memory: number; readonly files: number }>>;
}

/** A figure that has a threshold, such as a time to recover. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'ratio' | 'count';
  /** The threshold, and whether the value must be at most or at least that. */
  readonly limit: number;
  readonly must: 'at most' | 'at least';
  /** Why the threshold says nothing about this run, e.g. because it was too short. */
  readonly notApplicable?: string;
}

export const meets = ({ value, limit, must, notApplicable }: Measure): boolean =>
  notApplicable !== undefined || (must === 'at most' ? value <= limit : value >= limit);

/** How one layer of the proof went. */
export interface LayerResult {
  readonly name: string;
  readonly seed: number;
  readonly seconds: number;
  /** One line for each difference; empty when all invariants hold. */
  readonly differences: readonly string[];
  readonly measures: readonly Measure[];
  /** What was counted, for the ledger, e.g. `cases: 10000`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Requests that were answered with 5xx or not at all, by request and answer. */
  readonly failedRequests: Readonly<Record<string, number>>;
  readonly faults: readonly Fault[];
  readonly samples: readonly Sample[];
}

/** What a layer without orders has nothing of. */
export const withoutOrders = {
  measures: [],
  counts: {},
  failedRequests: {},
  faults: [],
  samples: [],
} as const;
