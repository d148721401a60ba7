import { DomainError } from '@equipmgnt/kernel';
import type { ChangeOrder } from '../../services/order/src/application/change-order.ts';
import type { PlaceOrder } from '../../services/order/src/application/place-order.ts';
import type { Order } from '../../services/order/src/domain/order.ts';
import type { Steps } from './steps.ts';

/** The units that a client orders. */
export interface Units {
  readonly equipmentId: number;
  readonly qty: number;
}

/** The requests of clients to order, and the answers. */
export class Clients {
  /** The units of the first request with each idempotency key. */
  readonly requested = new Map<string, Units>();
  /** All answers to each idempotency key. */
  readonly answers = new Map<string, Order[]>();
  /** The orders of all answers, each with the units of its request. */
  readonly acknowledged: { readonly id: number; readonly units: Units }[] = [];
  /** Orders whose cancellation was acknowledged, or refused. */
  readonly cancelled = new Set<number>();
  readonly notCancelled = new Set<number>();
  /** Acknowledged orders that a later answer said do not exist. */
  readonly disowned = new Set<number>();

  constructor(
    private readonly steps: Steps,
    private readonly place: PlaceOrder,
    private readonly change: ChangeOrder,
  ) {}

  async order(units: Units, idempotencyKey?: string): Promise<void> {
    if (idempotencyKey !== undefined && !this.requested.has(idempotencyKey)) {
      this.requested.set(idempotencyKey, units);
    }
    const order = await this.place.execute(units, undefined, idempotencyKey).catch(refusal);
    await this.steps.step('gets its answer', () => {
      if (order instanceof DomainError) return;
      this.acknowledged.push({ id: order.id, units });
      if (idempotencyKey === undefined) return;
      const answers = this.answers.get(idempotencyKey);
      if (answers) answers.push(order);
      else this.answers.set(idempotencyKey, [order]);
    });
  }

  async cancel(orderId: number): Promise<void> {
    const isKnown = this.acknowledged.some(({ id }) => id === orderId);
    const order = await this.change.execute(orderId, 'CANCELLED').catch(refusal);
    await this.steps.step('gets its answer', () => {
      if (!(order instanceof DomainError)) this.cancelled.add(orderId);
      else if (order.kind === 'conflict') this.notCancelled.add(orderId);
      else if (isKnown) this.disowned.add(orderId);
    });
  }

  /** Keys whose client got no answer, so that it repeats the request. */
  get unanswered(): string[] {
    return [...this.requested.keys()].filter((key) => !this.answers.has(key));
  }
}

/** No such order, a forbidden transition, or a reused key: an answer that changes nothing. */
function refusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}
