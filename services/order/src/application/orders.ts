import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { NewOrder, Order } from '../domain/order.ts';

/** A client's `Idempotency-Key`, and what tells one request from another under it. */
export interface IdempotencyKey {
  readonly key: string;
  /** Equal for requests that ask for the same. */
  readonly fingerprint: string;
}

/** What came of placing an order. */
export type Placement =
  | { readonly kind: 'placed'; readonly order: Order }
  /** The key was used before, for this order. `answer` is what was answered, unless that was lost. */
  | {
      readonly kind: 'known';
      readonly order: Order;
      readonly fingerprint: string;
      readonly answer?: Order;
    };

/** The orders of this service, and the idempotency keys that they came with. */
export abstract class Orders {
  /**
   * Places an order: its row, the event Ordered and its key, all or nothing. Of two requests with
   * one key one places the order, the other waits for it and finds it known.
   */
  abstract place(order: NewOrder, key?: IdempotencyKey): Promise<Placement>;

  /** Those that exist, in no particular order. */
  abstract find(ids: readonly number[]): Promise<Order[]>;

  /**
   * Saves changed orders with their facts, each if its stored status is still the one that it was
   * loaded with.
   * @returns the ids of those saved; the others were changed by somebody else meanwhile
   */
  abstract save(orders: readonly Order[]): Promise<ReadonlySet<number>>;

  /** Orders that have waited since before `before`, by id, after `afterId`. */
  abstract waiting(before: Date, afterId: number, limit: number): Promise<Order[]>;

  abstract page(request: PageRequest): Promise<Page<Order>>;

  /** Keeps what is answered under a key. The first to do so wins; @returns the winner. */
  abstract keepAnswer(key: string, answer: Order): Promise<Order>;

  /** Removes up to `limit` keys from before `before`; @returns how many it were. */
  abstract forgetKeys(before: Date, limit: number): Promise<number>;
}
