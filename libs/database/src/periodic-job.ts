import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { DataSource } from 'typeorm';

/**
 * Work that is done again and again, by one replica at a time: an advisory lock that ends with its
 * transaction. What fails is tried again next time.
 */
export abstract class Sweep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Sweep');
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  /** @param name names the lock; unique among the sweeps of one database */
  constructor(
    private readonly database: DataSource,
    private readonly name: string,
    private readonly everyMs: number,
  ) {}

  /** @param stop when this process stops: what is left can wait for the next time */
  protected abstract sweep(stop: AbortSignal): Promise<void>;

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.once().finally(() => (this.running = undefined));
    }, this.everyMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.running;
  }

  private async once(): Promise<void> {
    try {
      await this.database.transaction(async (manager) => {
        const lock = 'SELECT pg_try_advisory_xact_lock(hashtext($1)) AS mine';
        const [{ mine }] = await manager.query(lock, [this.name]);
        if (mine) await this.sweep(this.stopping.signal);
      });
    } catch (error) {
      this.logger.warn({ err: error }, `${this.name} failed, will be done next time`);
    }
  }
}
