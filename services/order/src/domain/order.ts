import { DomainError } from '@equipmgnt/kernel';
import { type EventFact } from '@equipmgnt/contracts';

export const orderStatuses = ['ORDERED', 'APPROVED', 'CANCELLED', 'REJECTED'] as const;

export type OrderStatus = (typeof orderStatuses)[number];

/** Where an order stands. ORDERED waits for its approval; CANCELLED and REJECTED are final. */
export type OrderState =
  | { readonly status: 'ORDERED' }
  | { readonly status: 'APPROVED'; readonly approvalId: number; readonly approvedAt: Date }
  | {
      readonly status: 'CANCELLED';
      readonly approvalId?: number;
      readonly approvedAt?: Date;
      readonly cancelledAt: Date;
    }
  | {
      readonly status: 'REJECTED';
      readonly approvalId?: number;
      readonly approvedAt?: Date;
      readonly rejectedAt: Date;
      readonly reason: string;
    };

/** What is ordered; it becomes an {@link Order} when it is placed and gets its id. */
export interface NewOrder {
  readonly equipmentId: number;
  readonly qty: number;
  readonly orderedAt: Date;
}

/** The approval of an order, as the approval service gives it. */
export interface Approval {
  readonly approvalId: number;
  readonly equipmentId: number;
  readonly qty: number;
}

/** An employee's order of some units of one piece of equipment. */
export class Order {
  /** The status that it was loaded with: what a save expects to find. */
  readonly loadedStatus: OrderStatus;
  /** What has happened to it since it was loaded, for others to know. */
  readonly facts: EventFact[] = [];

  constructor(
    readonly id: number,
    readonly equipmentId: number,
    readonly qty: number,
    readonly orderedAt: Date,
    private current: OrderState,
  ) {
    this.loadedStatus = current.status;
  }

  get state(): OrderState {
    return this.current;
  }

  get status(): OrderStatus {
    return this.current.status;
  }

  get changed(): boolean {
    return this.status !== this.loadedStatus;
  }

  /**
   * An approval came. It establishes a waiting order, provided that it is for what was ordered; an
   * approval that somebody obtained for something else under this order's id rejects the order.
   * Repeated or late approvals change nothing.
   */
  approve(approval: Approval, now: Date): void {
    if (this.current.status !== 'ORDERED') return;
    const { approvalId, equipmentId, qty } = approval;
    if (equipmentId === this.equipmentId && qty === this.qty) {
      this.current = { status: 'APPROVED', approvalId, approvedAt: now };
      return;
    }
    const reason = 'APPROVAL_MISMATCH';
    this.current = { status: 'REJECTED', approvalId, rejectedAt: now, reason };
    this.facts.push({
      type: 'equipmgnt.OrderRejected.v1',
      data: { ...this.what(), reason },
      at: now,
    });
  }

  /** Its approval was withdrawn. Repeated or late rejections change nothing. */
  reject(approvalId: number, reason: string, now: Date): void {
    switch (this.current.status) {
      case 'ORDERED':
        this.current = { status: 'REJECTED', approvalId, rejectedAt: now, reason };
        return;
      case 'APPROVED': {
        const { approvedAt } = this.current;
        this.current = { status: 'REJECTED', approvalId, approvedAt, rejectedAt: now, reason };
        return;
      }
      case 'CANCELLED':
      case 'REJECTED':
        return;
    }
  }

  /**
   * Cancels it; cancelling again changes nothing.
   * @throws DomainError conflict, when it was rejected
   */
  cancel(now: Date): void {
    switch (this.current.status) {
      case 'ORDERED':
        this.current = { status: 'CANCELLED', cancelledAt: now };
        break;
      case 'APPROVED': {
        const { approvalId, approvedAt } = this.current;
        this.current = { status: 'CANCELLED', approvalId, approvedAt, cancelledAt: now };
        break;
      }
      case 'CANCELLED':
        return;
      case 'REJECTED':
        throw this.refusal('CANCELLED');
    }
    this.facts.push({ type: 'equipmgnt.OrderCancelled.v1', data: this.what(), at: now });
  }

  /**
   * Someone asks for a status. Only CANCELLED can be asked for; APPROVED and REJECTED come from the
   * approval alone. The status that it has already is granted.
   * @throws DomainError conflict
   */
  changeTo(wanted: OrderStatus, now: Date): void {
    if (wanted === this.status) return;
    if (wanted !== 'CANCELLED') throw this.refusal(wanted);
    this.cancel(now);
  }

  private what(): { orderId: number; equipmentId: number; qty: number } {
    return { orderId: this.id, equipmentId: this.equipmentId, qty: this.qty };
  }

  private refusal(wanted: OrderStatus): DomainError {
    const message = `Order ${this.id} is ${this.status} and cannot become ${wanted}.`;
    return new DomainError('conflict', 'forbidden-transition', message);
  }
}
