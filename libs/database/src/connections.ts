import { setTimeout as delay } from 'node:timers/promises';
import type { Availability } from './availability.ts';
import { isConnectionLimit, isRefusal, NoConnection, reasonOf } from './errors.ts';

/** After a refusal, the pool does not try to grow for this long. */
const LIMITED_MS = 10_000;
/** Between attempts of a caller that has to wait until another process closes a connection. */
const RETRY_MS = 100;
/** Limits the new connections to a database that stays read-only. */
const ROTATE_MS = 1_000;

/** A pool of a driver, as far as {@link Connections} needs it. `C` is what the driver hands out. */
export interface Pool<C> {
  /** Waits for an unused connection, or opens one. */
  obtain(): Promise<C>;
  /** Sets the most connections that the pool opens. */
  setLimit(limit: number): void;
  /** Closes a connection that was obtained. */
  discard(obtained: C): void;
  /** Gives an unused connection back that was obtained. */
  release(obtained: C): void;
  /** The driver's connection in what it hands out. */
  connectionOf(obtained: C): object;
  usage(): PoolUsage;
}

/** The connections of a pool, and its callers. */
export interface PoolUsage {
  readonly open: number;
  /** Open connections that nobody uses. */
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
}

export interface ConnectionsOptions {
  /** The most connections. */
  readonly limit: number;
  /** The longest time that a caller waits for a connection, in ms; the driver has the same limit. */
  readonly waitMs: number;
  readonly availability: Availability;
}

/**
 * Hands out a pool's connections. When the server refuses another connection, callers share those that
 * exist. Connections to a server that has become read-only are replaced: after a failover, the same
 * address leads to another server.
 */
export class Connections<C> {
  private readonly open = new Set<object>();
  /** Connections that must not be used again. */
  private readonly stale = new WeakSet<object>();
  private limitedUntil = 0;
  private limitedTo = Infinity;
  private rotatedAt = -Infinity;

  constructor(
    private readonly pool: Pool<C>,
    private readonly options: ConnectionsOptions,
  ) {}

  /** To be called with each new connection of the pool. @returns the function to call at its end */
  opened(connection: object): () => void {
    this.open.add(connection);
    this.options.availability.works('connect');
    if (this.open.size > this.limitedTo) {
      this.limitedTo = Infinity;
      this.options.availability.works('limit');
    }
    return () => this.open.delete(connection);
  }

  /** @throws NoConnection */
  async obtain(): Promise<C> {
    const deadline = performance.now() + this.options.waitMs;
    for (;;) {
      if (performance.now() > this.limitedUntil) this.pool.setLimit(this.options.limit);
      try {
        const obtained = await this.inTime(this.pool.obtain());
        if (!this.stale.has(this.pool.connectionOf(obtained))) return obtained;
        this.pool.discard(obtained);
      } catch (error) {
        const canWait = isRefusal(error) && (this.open.size > 0 || isConnectionLimit(error));
        if (!canWait || performance.now() > deadline) throw this.failure(error);
        this.shareWhatIsOpen(error);
        if (this.open.size === 0) await delay(RETRY_MS);
      }
    }
  }

  get usage(): PoolUsage {
    return this.pool.usage();
  }

  /** Closes a connection when it is given back. */
  markStale(connection: object): void {
    this.stale.add(connection);
  }

  /** Uses no open connection again; those in use stay until they are given back. */
  rotate(): void {
    if (performance.now() - this.rotatedAt < ROTATE_MS) return;
    this.rotatedAt = performance.now();
    for (const connection of this.open) this.stale.add(connection);
  }

  private shareWhatIsOpen(error: unknown): void {
    this.limitedTo = this.open.size;
    this.pool.setLimit(Math.max(1, this.open.size));
    this.limitedUntil = performance.now() + LIMITED_MS;
    this.options.availability.failed('limit', reasonOf(error));
  }

  private failure(error: unknown): NoConnection {
    // a pool whose connections are all in use says nothing about the database
    if (this.open.size === 0) this.options.availability.failed('connect', reasonOf(error));
    return new NoConnection(error);
  }

  /** mysql2 has no time limit for waiting callers. */
  private async inTime(obtained: Promise<C>): Promise<C> {
    const late = Promise.withResolvers<never>();
    // not an abort signal: its abort creates an error, with a stack, for each call
    const timer = setTimeout(() => {
      obtained.then(
        (it) => this.pool.release(it),
        () => undefined,
      );
      late.reject(new Error('timeout exceeded when trying to connect'));
    }, 2 * this.options.waitMs);
    try {
      return await Promise.race([obtained, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
