import type { Page, PageRequest, RequestKey } from '@equipmgnt/kernel';
import type { Approval } from '../domain/approval.ts';

/** What a list can be sorted by: an index has each of these orders. */
export const APPROVAL_SORTS = ['id', 'orderId'] as const;

/** The approval of an order, and whether this call created it. */
export interface FoundOrAdded {
  readonly approval: Approval;
  readonly created: boolean;
}

/** The approvals of this service; each order has at most one. */
export abstract class Approvals {
  /**
   * Saves a new approval, unless its order has one already. Returns the one that the order has.
   * @throws DomainError unprocessable, when the key belongs to another request
   */
  abstract findOrAdd(approval: Approval, key?: RequestKey): Promise<FoundOrAdded>;

  /** The existing approvals of these orders, in no particular order. */
  abstract ofOrders(orderIds: readonly number[]): Promise<Approval[]>;

  abstract find(id: number): Promise<Approval | undefined>;

  /**
   * Saves new and changed approvals with their facts, in one transaction. Skips an approval that
   * another transaction has created or changed since it was loaded.
   * @returns the ids of the orders whose approvals were saved
   */
  abstract save(approvals: readonly Approval[]): Promise<ReadonlySet<number>>;

  abstract page(request: PageRequest): Promise<Page<Approval>>;
}
