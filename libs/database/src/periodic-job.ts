import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';

/**
 * Work that each replica repeats at an interval. Replicas may do it at the same time. A failed run is
 * repeated at the next interval.
 */
export abstract class PeriodicJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('PeriodicJob');
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  /** @param name of the job in the log */
  constructor(
    private readonly name: string,
    private readonly everyMs: number,
  ) {}

  /** @param stop is aborted when this process stops; the next run does what is left */
  protected abstract run(stop: AbortSignal): Promise<void>;

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.runOnce().finally(() => (this.running = undefined));
    }, this.everyMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.running;
  }

  private async runOnce(): Promise<void> {
    try {
      await this.run(this.stopping.signal);
    } catch (error) {
      this.logger.warn({ err: error }, `job ${this.name} failed, retrying at the next interval`);
    }
  }
}
