import { PeriodicJob } from '@equipmgnt/database';
import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Orders } from '../../application/orders.ts';

const KEPT_MS = 24 * 60 * 60 * 1_000;
const EVERY_MS = 10 * 60 * 1_000;
const BATCH_SIZE = 1_000;

/** Deletes idempotency keys a day after their first use. */
@Injectable()
export class ForgetIdempotencyKeys extends PeriodicJob {
  constructor(
    database: DataSource,
    private readonly orders: Orders,
    private readonly clock: Clock,
  ) {
    super(database, 'forget-idempotency-keys', EVERY_MS);
  }

  protected override async run(stop: AbortSignal): Promise<void> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    let deleted = BATCH_SIZE;
    while (deleted === BATCH_SIZE && !stop.aborted)
      deleted = await this.orders.forgetKeys(before, BATCH_SIZE);
  }
}
