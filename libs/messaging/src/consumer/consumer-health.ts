import type { HealthReport } from '@equipmgnt/runtime';

/** Crashes in a row, without having joined the group in between, that mean: a restart is due. */
const MAX_CRASHES = 3;
/** A running consumer fetches or sends heartbeats every few seconds; silence means it hangs. */
const MAX_SILENCE_MS = 60_000;

/**
 * Whether the consumer of this process is alive. Brokers that are away are none of its business:
 * it waits for them, and a restart would change nothing. What it notices is a consumer that keeps
 * crashing for another reason (kafkajs then lives on without one) and one that hangs.
 */
export class ConsumerHealth {
  private state: 'connecting' | 'consuming' | 'waiting for brokers' | 'crashed' = 'connecting';
  private crashes = 0;
  private lastSign = Date.now();
  private lastError: string | undefined;

  /** It has joined its group. */
  joined(): void {
    this.state = 'consuming';
    this.crashes = 0;
    this.lastError = undefined;
    this.lastSign = Date.now();
  }

  /** A heartbeat or a fetch. */
  sign(): void {
    this.lastSign = Date.now();
  }

  stopped(error: Error): void {
    const away = isBrokerAway(error);
    this.state = away ? 'waiting for brokers' : 'crashed';
    if (!away) this.crashes += 1;
    this.lastError = error.message;
    this.lastSign = Date.now();
  }

  report(): HealthReport {
    const hangs = this.state === 'consuming' && Date.now() - this.lastSign > MAX_SILENCE_MS;
    return {
      up: this.crashes < MAX_CRASHES && !hangs,
      detail: {
        state: hangs ? 'hanging' : this.state,
        ...(this.lastError && { error: this.lastError }),
      },
    };
  }
}

/** Whether a broker, a network or a leader is missing, as opposed to something wrong with us. */
export function isBrokerAway(error: unknown): boolean {
  const { cause, name, retriable } = error as Error & { retriable?: boolean };
  if (cause instanceof Error) return isBrokerAway(cause);
  // a coordinator that does not exist yet comes with a group's first member, or after a restart
  return retriable === true || name === 'KafkaJSGroupCoordinatorNotFound';
}
