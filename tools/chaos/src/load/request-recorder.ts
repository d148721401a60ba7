import type { History, OrderAttempt, Writable } from '../run-record.ts';

/** Collects a run's {@link History} while it happens. */
export class RequestRecorder implements History {
  readonly registered: History['registered'][number][] = [];
  readonly orders: Writable<OrderAttempt>[] = [];
  readonly cancellations: Writable<History['cancellations'][number]>[] = [];
  readonly sightings: History['sightings'][number][] = [];
  readonly stockSamples: History['stockSamples'][number][] = [];
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
