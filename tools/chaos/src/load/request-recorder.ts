import type { Cancellation, History, OrderAnswer, OrderAttempt } from '../run-record.ts';

type Open<T> = { -readonly [K in keyof T]: T[K] };

/** An attempt while its client still works on it. */
export interface OpenAttempt extends Open<Omit<OrderAttempt, 'answers'>> {
  readonly answers: OrderAnswer[];
}

/** Collects a run's {@link History} while it happens. */
export class RequestRecorder implements History {
  readonly registered: { id: number; stock: number }[] = [];
  readonly orders: OpenAttempt[] = [];
  readonly cancellations: Open<Cancellation>[] = [];
  readonly sightings: Open<History['sightings'][number]>[] = [];
  readonly stockSamples: Open<History['stockSamples'][number]>[] = [];
  /** Answers that no client may ever get, such as 404 for an order that was acknowledged. */
  readonly unexpected: string[] = [];
  /** Orders acknowledged so far. */
  acknowledged = 0;
  /** Requests that were answered with 5xx or not at all, by request and answer. */
  readonly failed: Record<string, number> = {};
  readonly #start = performance.now();

  /** ms since the run's start. */
  now(): number {
    return Math.round(performance.now() - this.#start);
  }

  failure(what: string): void {
    this.failed[what] = (this.failed[what] ?? 0) + 1;
  }
}
