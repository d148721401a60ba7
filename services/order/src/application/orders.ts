import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { NewOrder, Order } from '../domain/order.ts';

/** A client's `Idempotency-Key` with the fingerprint of the request that it belongs to. */
export interface PlacementKey {
  readonly key: string;
  /** Equal for requests that order the same. */
  readonly fingerprint: string;
}

/** The result of placing an order. */
export type Placement =
  | { readonly kind: 'placed'; readonly order: Order }
  /** An earlier request with this key placed this order. `answer` is absent until it is stored. */
  | {
      readonly kind: 'known';
      readonly order: Order;
      readonly fingerprint: string;
      readonly answer?: Order;
    };

/** The orders of this service, and the idempotency keys that they were placed with. */
export abstract class Orders {
  /**
   * Places an order: its row, the event Ordered and its key, in one transaction. Of two concurrent
   * requests with one key, one places the order; the other waits for it and gets `known`.
   */
  abstract place(order: NewOrder, key?: PlacementKey): Promise<Placement>;

  /** The existing orders with these ids, in no particular order. */
  abstract find(ids: readonly number[]): Promise<Order[]>;

  /**
   * Saves changed orders with their facts, in one transaction. Skips an order whose stored status is
   * no longer the one that it was loaded with.
   * @returns the ids of the saved orders; another transaction changed the others
   */
  abstract save(orders: readonly Order[]): Promise<ReadonlySet<number>>;

  abstract page(request: PageRequest): Promise<Page<Order>>;

  /** Stores the answer to a key, unless one is stored already. @returns the stored answer */
  abstract keepAnswer(key: string, answer: Order): Promise<Order>;

  /** Deletes up to `limit` keys from before `before`. @returns how many it deleted */
  abstract forgetKeys(before: Date, limit: number): Promise<number>;
}
