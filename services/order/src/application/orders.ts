import type { Page, PageRequest, RequestKey } from '@equipmgnt/kernel';
import type { NewOrder, Order } from '../domain/order.ts';

/** What a list can be sorted by: an index has each of these orders. */
export const ORDER_SORTS = ['id'] as const;

export interface Placement {
  readonly order: Order;
  /** The stored answer to the first request with the key; absent until it is stored. */
  readonly answer?: Order;
}

/** The orders of this service, and the idempotency keys that they were placed with. */
export abstract class Orders {
  /**
   * Places an order: its row, the event Ordered and its key, in one transaction. Of two concurrent
   * requests with one key, one places the order; the other waits for it and gets the same order.
   * @throws DomainError unprocessable, when the key belongs to another request
   */
  abstract place(order: NewOrder, key?: RequestKey): Promise<Placement>;

  /** The existing orders with these ids, in no particular order. */
  abstract find(ids: readonly number[]): Promise<Order[]>;

  /**
   * Saves changed orders with their facts, in one transaction. Skips an order whose stored status is
   * no longer the one that it was loaded with.
   * @returns the ids of the saved orders; another transaction changed the others
   */
  abstract save(orders: readonly Order[]): Promise<ReadonlySet<number>>;

  /** @param requesterId only the orders of this requester */
  abstract page(request: PageRequest, requesterId?: string): Promise<Page<Order>>;

  /** Stores the answer to a key, unless one is stored already. @returns the stored answer */
  abstract keepAnswer(key: string, answer: Order): Promise<Order>;
}
