import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { DataSource } from 'typeorm';

/**
 * Work that is repeated at an interval, on one replica at a time: the replica holds an advisory
 * lock, which ends with its transaction. A failed run is repeated at the next interval.
 */
export abstract class PeriodicJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('PeriodicJob');
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  /** @param name names the lock; unique among the jobs of one database */
  constructor(
    private readonly database: DataSource,
    private readonly name: string,
    private readonly everyMs: number,
  ) {}

  /** @param stop is aborted when this process stops; the next run does what is left */
  protected abstract run(stop: AbortSignal): Promise<void>;

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.runLocked().finally(() => (this.running = undefined));
    }, this.everyMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.running;
  }

  private async runLocked(): Promise<void> {
    try {
      await this.database.transaction(async (manager) => {
        const lock = 'SELECT pg_try_advisory_xact_lock(hashtext($1)) AS mine';
        const [{ mine }] = await manager.query(lock, [this.name]);
        if (mine) await this.run(this.stopping.signal);
      });
    } catch (error) {
      this.logger.warn({ err: error }, `job ${this.name} failed, retrying at the next interval`);
    }
  }
}
