import type { ApprovalStatus, EventType } from '@equipmgnt/contracts';

/** Where an approval stands. CANCELLED and REJECTED are final. */
export type ApprovalState =
  | { readonly status: 'APPROVED'; readonly approvedAt: Date }
  | { readonly status: 'CANCELLED'; readonly approvedAt?: Date; readonly cancelledAt: Date }
  | {
      readonly status: 'REJECTED';
      readonly approvedAt?: Date;
      readonly rejectedAt: Date;
      readonly reason: string;
    };

/** What an approval is for. */
export interface Subject {
  readonly orderId: number;
  readonly equipmentId: number;
  readonly qty: number;
}

/** What has happened to an approval; its id is added when it is saved. */
export interface ApprovalFact {
  readonly type: EventType;
  readonly data: Subject & { readonly reason?: string };
  readonly at: Date;
}

/** The approval of one order; there is at most one for each. */
export class Approval {
  readonly loadedStatus: ApprovalStatus | undefined;
  readonly facts: ApprovalFact[] = [];

  /** @param id absent while it has never been saved */
  constructor(
    readonly subject: Subject,
    private current: ApprovalState,
    readonly id?: number,
  ) {
    this.loadedStatus = id === undefined ? undefined : current.status;
  }

  /** Approves an order: automatically, as long as nobody has cancelled it before. */
  static obtain(subject: Subject, now: Date): Approval {
    const approval = new Approval(subject, { status: 'APPROVED', approvedAt: now });
    approval.facts.push({ type: 'equipmgnt.ApprovalObtained.v1', data: subject, at: now });
    return approval;
  }

  /** An order was cancelled before it was approved: the late approval must not happen. */
  static cancelledBeforehand(subject: Subject, now: Date): Approval {
    const approval = new Approval(subject, { status: 'CANCELLED', cancelledAt: now });
    approval.facts.push({ type: 'equipmgnt.CancelRequested.v1', data: subject, at: now });
    return approval;
  }

  /** Equipment rejects what was never approved here, as after a restored backup: so be it. */
  static rejectedBeforehand(subject: Subject, reason: string, now: Date): Approval {
    const approval = new Approval(subject, { status: 'REJECTED', rejectedAt: now, reason });
    approval.tellRejection();
    return approval;
  }

  get state(): ApprovalState {
    return this.current;
  }

  get status(): ApprovalStatus {
    return this.current.status;
  }

  get changed(): boolean {
    return this.status !== this.loadedStatus;
  }

  /** Its order was cancelled. Changes nothing when it is cancelled or rejected already. */
  cancel(now: Date): void {
    if (this.current.status !== 'APPROVED') return;
    this.current = { ...this.current, status: 'CANCELLED', cancelledAt: now };
    this.facts.push({ type: 'equipmgnt.CancelRequested.v1', data: this.subject, at: now });
  }

  /** Equipment cannot hand the units out. Changes nothing when it is cancelled or rejected already. */
  reject(reason: string, now: Date): void {
    if (this.current.status !== 'APPROVED') return;
    this.current = { ...this.current, status: 'REJECTED', rejectedAt: now, reason };
    this.tellRejection();
  }

  /** Tells once more that it was rejected, and when; tells nothing when it is not. */
  tellRejection(): void {
    if (this.current.status !== 'REJECTED') return;
    const { rejectedAt, reason } = this.current;
    const data = { ...this.subject, reason };
    this.facts.push({ type: 'equipmgnt.ApprovalRejected.v1', data, at: rejectedAt });
  }
}
