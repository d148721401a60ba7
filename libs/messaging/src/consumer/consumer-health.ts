import type { HealthReport } from '@equipmgnt/runtime';

/** After this many consecutive crashes, without joining the group in between, a restart is due. */
const MAX_CRASHES = 3;
/** A running consumer fetches or sends heartbeats every few seconds; after this long it hangs. */
const MAX_INACTIVE_MS = 60_000;

/**
 * Whether the consumer of this process is alive. Unavailable brokers do not count: the consumer waits
 * for them, and a restart would change nothing. It is dead when it keeps crashing for another reason
 * (kafkajs does not restart it then) or when it hangs.
 */
export class ConsumerHealth {
  private state: 'connecting' | 'consuming' | 'waiting for brokers' | 'crashed' = 'connecting';
  private crashes = 0;
  private lastActive = Date.now();
  private lastError: string | undefined;

  /** The consumer has joined its group. */
  joined(): void {
    this.state = 'consuming';
    this.crashes = 0;
    this.lastError = undefined;
    this.lastActive = Date.now();
  }

  /** The consumer has sent a heartbeat or fetched. */
  active(): void {
    this.lastActive = Date.now();
  }

  stopped(error: Error): void {
    const unavailable = isBrokerUnavailable(error);
    this.state = unavailable ? 'waiting for brokers' : 'crashed';
    if (!unavailable) this.crashes += 1;
    this.lastError = error.message;
    this.lastActive = Date.now();
  }

  report(): HealthReport {
    const hangs = this.state === 'consuming' && Date.now() - this.lastActive > MAX_INACTIVE_MS;
    return {
      up: this.crashes < MAX_CRASHES && !hangs,
      detail: {
        state: hangs ? 'hanging' : this.state,
        ...(this.lastError && { error: this.lastError }),
      },
    };
  }
}

/** Whether a broker, a network or a partition leader is unavailable, as opposed to a fault here. */
export function isBrokerUnavailable(error: unknown): boolean {
  const { cause, name, retriable } = error as Error & { retriable?: boolean };
  if (cause instanceof Error) return isBrokerUnavailable(cause);
  // the coordinator of a new group, or of one after a broker's restart, appears a little later
  return retriable === true || name === 'KafkaJSGroupCoordinatorNotFound';
}
