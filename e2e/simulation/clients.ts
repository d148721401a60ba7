import { DomainError } from '@equipmgnt/kernel';
import type { ChangeOrder } from '../../services/order/src/application/change-order.ts';
import type { PlaceOrder } from '../../services/order/src/application/place-order.ts';
import type { Order } from '../../services/order/src/domain/order.ts';
import type { Steps } from './steps.ts';

export interface Wish {
  readonly equipmentId: number;
  readonly qty: number;
}

/** What clients ask of order, and what they were told. */
export class Clients {
  /** What was first ordered under each idempotency key. */
  readonly wishes = new Map<string, Wish>();
  /** The answers under each idempotency key. */
  readonly answers = new Map<string, Order[]>();
  /** The orders that were answered, by what was wished for. */
  readonly acknowledged: { readonly id: number; readonly wish: Wish }[] = [];
  /** Orders of which a client was told that they are cancelled, or cannot be any more. */
  readonly cancelled = new Set<number>();
  readonly notCancelled = new Set<number>();
  /** Orders that were acknowledged, and of which a client was told later that there is none. */
  readonly denied = new Set<number>();

  constructor(
    private readonly steps: Steps,
    private readonly place: PlaceOrder,
    private readonly change: ChangeOrder,
  ) {}

  async order(wish: Wish, idempotencyKey?: string): Promise<void> {
    if (idempotencyKey !== undefined && !this.wishes.has(idempotencyKey)) {
      this.wishes.set(idempotencyKey, wish);
    }
    const order = await this.place
      .execute({ ...wish, ...(idempotencyKey !== undefined && { idempotencyKey }) })
      .catch(refusal);
    await this.steps.step('is answered', () => {
      if (order instanceof DomainError) return;
      this.acknowledged.push({ id: order.id, wish });
      if (idempotencyKey === undefined) return;
      const answers = this.answers.get(idempotencyKey);
      if (answers) answers.push(order);
      else this.answers.set(idempotencyKey, [order]);
    });
  }

  async cancel(orderId: number): Promise<void> {
    const isKnown = this.acknowledged.some(({ id }) => id === orderId);
    const order = await this.change.execute(orderId, 'CANCELLED').catch(refusal);
    await this.steps.step('is answered', () => {
      if (!(order instanceof DomainError)) this.cancelled.add(orderId);
      else if (order.kind === 'conflict') this.notCancelled.add(orderId);
      else if (isKnown) this.denied.add(orderId);
    });
  }

  /** Keys whose client never got an answer, and so asks again. */
  get unanswered(): string[] {
    return [...this.wishes.keys()].filter((key) => !this.answers.has(key));
  }
}

/** No such order, a forbidden transition, or a reused key: the client is told, nothing changes. */
function refusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}
