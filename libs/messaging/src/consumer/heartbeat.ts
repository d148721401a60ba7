import type { EachBatchPayload } from 'kafkajs';

/** Sends heartbeats during a batch, so that the group keeps this consumer while a handler is slow. */
export class Heartbeat {
  private readonly timer: NodeJS.Timeout;
  private failure: unknown;

  constructor(payload: EachBatchPayload, intervalMs: number) {
    this.timer = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => (this.failure = error));
    }, intervalMs);
  }

  /** @throws the error of the last failed heartbeat, such as a rebalance */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
