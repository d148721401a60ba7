import { build as histogram } from 'hdr-histogram-js';
import type { Convergence } from './convergence.ts';
import { percentiles } from './load.ts';

/** One order in this time is followed; the resolution is that of the look. Both cost little CPU. */
const SAMPLE_EVERY_MS = 50;
const LOOK_EVERY_MS = 10;

type Store = 'stock' | 'mis';
type Percentiles = ReturnType<typeof percentiles>;

/** From the time at which an order was placed until a store shows it, in ms. */
export type Lag = Readonly<Record<Store, Percentiles & { readonly samples: number }>>;

/** Follows some of the accepted orders on their way to the stock and to mis. */
export class LagSampler {
  readonly #convergence: Pick<Convergence, 'arrived'>;
  readonly #orderedAt = new Map<number, number>();
  readonly #waiting: Record<Store, Set<number>> = { stock: new Set(), mis: new Set() };
  readonly #lags = {
    stock: histogram({ numberOfSignificantValueDigits: 3 }),
    mis: histogram({ numberOfSignificantValueDigits: 3 }),
  };
  #lastSample = 0;
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(convergence: Pick<Convergence, 'arrived'>) {
    this.#convergence = convergence;
    this.#running = this.#look();
  }

  /** @param text the body of an accepted order */
  offer(text: string): void {
    const now = performance.now();
    if (now - this.#lastSample < SAMPLE_EVERY_MS) return;
    this.#lastSample = now;
    const { id, orderedAt } = JSON.parse(text) as { id: number; orderedAt: string };
    this.#orderedAt.set(id, Date.parse(orderedAt));
    for (const waiting of Object.values(this.#waiting)) waiting.add(id);
  }

  /** Call it when all orders have arrived. */
  async stop(): Promise<Lag> {
    this.#stopped = true;
    await this.#running;
    const of = (store: Store) => ({
      ...percentiles(this.#lags[store]),
      samples: this.#lags[store].totalCount,
    });
    return { stock: of('stock'), mis: of('mis') };
  }

  async #look(): Promise<void> {
    for (;;) {
      const last = this.#stopped;
      const ids = [...new Set([...this.#waiting.stock, ...this.#waiting.mis])];
      if (ids.length > 0) this.#record(await this.#convergence.arrived(ids));
      if (last) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  #record(arrived: Readonly<Record<Store, readonly number[]>>): void {
    const now = Date.now();
    for (const store of ['stock', 'mis'] as const) {
      for (const id of arrived[store]) {
        if (!this.#waiting[store].delete(id)) continue;
        const lagMs = Math.max(0, now - (this.#orderedAt.get(id) ?? now));
        this.#lags[store].recordValue(Math.max(1, Math.round(lagMs * 1_000)));
      }
    }
  }
}
