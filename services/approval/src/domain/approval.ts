import type { ApprovalStatus, PublishedEventType } from '@equipmgnt/contracts';

/** The status of an approval. CANCELLED and REJECTED are final. */
export type ApprovalState =
  | { readonly status: 'APPROVED'; readonly approvedAt: Date }
  | { readonly status: 'CANCELLED'; readonly approvedAt?: Date; readonly cancelledAt: Date }
  | {
      readonly status: 'REJECTED';
      readonly approvedAt?: Date;
      readonly rejectedAt: Date;
      readonly reason: string;
    };

/** The order that an approval is for, with what was ordered. */
export interface Subject {
  readonly orderId: number;
  readonly equipmentId: number;
  readonly qty: number;
}

/** An event of an approval. The approval's id is added when the event is saved. */
export interface ApprovalFact {
  readonly type: PublishedEventType;
  readonly data: Subject & { readonly reason?: string };
  readonly at: Date;
}

export interface ApprovalProperties {
  /** Absent until the approval is saved. */
  readonly id?: number | undefined;
  readonly subject: Subject;
  readonly state: ApprovalState;
  /** When an event about the order confirmed it; absent while only an HTTP call requested it. */
  readonly confirmedAt?: Date | undefined;
}

/**
 * The approval of one order; an order has at most one. An approval that an HTTP call requested is
 * unconfirmed: it may be for an order that does not exist, or for other equipment or another quantity
 * than the order. The first event about the order confirms it, with what was really ordered.
 */
export class Approval {
  readonly id: number | undefined;
  /** What the approval was when it was loaded; a save expects to find it unchanged. */
  readonly loaded: { readonly status: ApprovalStatus; readonly confirmed: boolean } | undefined;
  readonly facts: ApprovalFact[] = [];
  private currentSubject: Subject;
  private currentState: ApprovalState;
  private currentConfirmedAt: Date | undefined;

  constructor({ id, subject, state, confirmedAt }: ApprovalProperties) {
    this.id = id;
    this.currentSubject = subject;
    this.currentState = state;
    this.currentConfirmedAt = confirmedAt;
    this.loaded =
      id === undefined ? undefined : { status: state.status, confirmed: confirmedAt !== undefined };
  }

  /** A new approval that only an HTTP call requests. It publishes nothing. */
  static unconfirmed(subject: Subject, now: Date): Approval {
    return new Approval({ subject, state: { status: 'APPROVED', approvedAt: now } });
  }

  /** A new approval of an order that was placed. */
  static confirmed(order: Subject, now: Date): Approval {
    const approval = Approval.unconfirmed(unitsOf(order), now);
    approval.confirm(order, now);
    return approval;
  }

  /** An order was cancelled before it was approved. A later call must not approve it again. */
  static cancelled(order: Subject, now: Date): Approval {
    const subject = unitsOf(order);
    const state = { status: 'CANCELLED', cancelledAt: now } as const;
    const approval = new Approval({ subject, state, confirmedAt: now });
    approval.record('equipmgnt.CancelRequested.v1', now);
    return approval;
  }

  /** Equipment rejects an order that has no approval here, as after the restore of a backup. */
  static rejected(order: Subject, reason: string, now: Date): Approval {
    const subject = unitsOf(order);
    const state = { status: 'REJECTED', rejectedAt: now, reason } as const;
    const approval = new Approval({ subject, state, confirmedAt: now });
    approval.record('equipmgnt.ApprovalRejected.v1', now, reason);
    return approval;
  }

  get subject(): Subject {
    return this.currentSubject;
  }

  get state(): ApprovalState {
    return this.currentState;
  }

  get status(): ApprovalStatus {
    return this.currentState.status;
  }

  get confirmedAt(): Date | undefined {
    return this.currentConfirmedAt;
  }

  get changed(): boolean {
    return (
      this.status !== this.loaded?.status ||
      (this.confirmedAt !== undefined) !== this.loaded.confirmed
    );
  }

  /**
   * Its order was placed. What was ordered replaces what the HTTP call requested. Does nothing when
   * it is confirmed, cancelled or rejected already.
   */
  confirm(order: Subject, now: Date): void {
    if (this.status !== 'APPROVED' || this.confirmedAt !== undefined) return;
    this.correct(order, now);
    this.record('equipmgnt.ApprovalObtained.v1', now);
  }

  /** Its order was cancelled. Does nothing when it is cancelled or rejected already. */
  cancel(order: Subject, now: Date): void {
    if (this.currentState.status !== 'APPROVED') return;
    this.correct(order, now);
    this.currentState = { ...this.currentState, status: 'CANCELLED', cancelledAt: now };
    this.record('equipmgnt.CancelRequested.v1', now);
  }

  /** Equipment has too few units. Does nothing when it is cancelled or rejected already. */
  reject(order: Subject, reason: string, now: Date): void {
    if (this.currentState.status !== 'APPROVED') return;
    this.correct(order, now);
    this.currentState = { ...this.currentState, status: 'REJECTED', rejectedAt: now, reason };
    this.record('equipmgnt.ApprovalRejected.v1', now, reason);
  }

  /**
   * Every event about an order carries what was ordered. A confirmed approval keeps its subject:
   * equipment may have lent those units already.
   */
  private correct(order: Subject, now: Date): void {
    if (this.confirmedAt !== undefined) return;
    this.currentSubject = unitsOf(order);
    this.currentConfirmedAt = now;
  }

  private record(type: PublishedEventType, at: Date, reason?: string): void {
    const data = { ...this.subject, ...(reason !== undefined && { reason }) };
    this.facts.push({ type, data, at });
  }
}

/** Leaves out what else an event says. */
const unitsOf = ({ orderId, equipmentId, qty }: Subject): Subject => ({
  orderId,
  equipmentId,
  qty,
});
