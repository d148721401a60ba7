import { DomainError } from '@equipmgnt/kernel';
import type { EventFact, OrderDetails } from '@equipmgnt/contracts';

export const orderStatuses = ['ORDERED', 'APPROVED', 'CANCELLED', 'REJECTED'] as const;

export type OrderStatus = (typeof orderStatuses)[number];

/** The status of an order. ORDERED waits for its approval; CANCELLED and REJECTED are final. */
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

/** An order before it is placed. It gets its id when it is placed. */
export interface NewOrder extends OrderDetails {
  readonly orderedAt: Date;
}

/** The units that an order or an approval is for. */
interface Units {
  readonly equipmentId: number;
  readonly qty: number;
}

/** An approval of the approval service. */
export interface Approval extends Units {
  readonly approvalId: number;
}

export interface OrderProperties {
  readonly id: number;
  readonly details: NewOrder;
  readonly state: OrderState;
}

/** An employee's order of some units of one piece of equipment. */
export class Order {
  readonly id: number;
  /** What it has from its beginning, and keeps. */
  readonly details: NewOrder;
  /** The status that it was loaded with; a save expects to find it unchanged. */
  readonly loadedStatus: OrderStatus;
  /** The events since it was loaded. */
  readonly facts: EventFact[] = [];
  private current: OrderState;

  constructor({ id, details, state }: OrderProperties) {
    this.id = id;
    this.details = details;
    this.current = state;
    this.loadedStatus = state.status;
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

  /** Whether these are the equipment and the quantity of this order. */
  isFor({ equipmentId, qty }: Units): boolean {
    return equipmentId === this.details.equipmentId && qty === this.details.qty;
  }

  /** Whether this requester placed it; without an id, always. */
  isOf(requesterId: string | undefined): boolean {
    return requesterId === undefined || requesterId === this.details.requester?.id;
  }

  /**
   * The approval establishes a waiting order. A repeated or late approval changes nothing, and neither
   * does one of other equipment or another quantity.
   */
  approve(approval: Approval, now: Date): void {
    if (this.current.status !== 'ORDERED' || !this.isFor(approval)) return;
    const { approvalId } = approval;
    this.current = { status: 'APPROVED', approvalId, approvedAt: now };
  }

  /** Its approval was rejected. A repeated or late rejection changes nothing. */
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
   * Cancels it. A repeated cancellation changes nothing.
   * @throws DomainError conflict, when it is rejected
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
    const { equipmentId, qty } = this.details;
    const data = { orderId: this.id, equipmentId, qty };
    this.facts.push({ type: 'equipmgnt.OrderCancelled.v1', data, at: now });
  }

  /**
   * A client requests a status. Only CANCELLED is possible; APPROVED and REJECTED come only from the
   * approval. A request for the current status changes nothing.
   * @throws DomainError conflict
   */
  changeTo(status: OrderStatus, now: Date): void {
    if (status === this.status) return;
    if (status !== 'CANCELLED') throw this.refusal(status);
    this.cancel(now);
  }

  private refusal(wanted: OrderStatus): DomainError {
    const message = `Order ${this.id} is ${this.status} and cannot become ${wanted}.`;
    return new DomainError('conflict', 'forbidden-transition', message);
  }
}
