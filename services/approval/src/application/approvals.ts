import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { Approval } from '../domain/approval.ts';

/** An approval as it stands, and whether this call has made it. */
export interface Obtained {
  readonly approval: Approval;
  readonly created: boolean;
}

/** The approvals of this service. */
export abstract class Approvals {
  /**
   * Saves new approvals of different orders with their facts, each unless its order has an approval already; then that
   * one is answered as it is.
   */
  abstract obtain(approvals: readonly Approval[]): Promise<Obtained[]>;

  /** Those that exist, in no particular order. */
  abstract ofOrders(orderIds: readonly number[]): Promise<Approval[]>;

  abstract find(id: number): Promise<Approval | undefined>;

  /**
   * Saves new and changed approvals with their facts, each if nobody has changed or made it
   * meanwhile.
   * @returns the ids of the orders whose approvals were saved
   */
  abstract save(approvals: readonly Approval[]): Promise<ReadonlySet<number>>;

  /** Publishes the facts of approvals that are saved already. */
  abstract tell(approvals: readonly Approval[]): Promise<void>;

  abstract page(request: PageRequest): Promise<Page<Approval>>;
}
