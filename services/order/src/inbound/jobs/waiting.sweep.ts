import { PeriodicJob } from '@equipmgnt/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecheckWaiting } from '../../application/recheck-waiting.ts';
import { ORDER_CONFIG, type OrderConfig } from '../../order.config.ts';

/** Asks about orders that have waited long for their approval. */
@Injectable()
export class WaitingSweep extends PeriodicJob {
  constructor(
    database: DataSource,
    @Inject(ORDER_CONFIG) private readonly config: OrderConfig,
    private readonly recheck: RecheckWaiting,
  ) {
    super(database, 'recheck-waiting', config.WAITING_RECHECK_MS);
  }

  protected override run(stop: AbortSignal): Promise<void> {
    return this.recheck.execute(this.config.WAITING_RECHECK_MS, stop);
  }
}
