import { PeriodicJob } from '@equipmgnt/database';
import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Orders } from '../../application/orders.ts';

const KEPT_MS = 24 * 60 * 60 * 1_000;
const EVERY_MS = 10 * 60 * 1_000;
const AT_ONCE = 1_000;

/** Forgets idempotency keys a day after they were used. */
@Injectable()
export class IdempotencyKeySweep extends PeriodicJob {
  constructor(
    database: DataSource,
    private readonly orders: Orders,
    private readonly clock: Clock,
  ) {
    super(database, 'forget-idempotency-keys', EVERY_MS);
  }

  protected override async run(stop: AbortSignal): Promise<void> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    let forgotten = AT_ONCE;
    while (forgotten === AT_ONCE && !stop.aborted)
      forgotten = await this.orders.forgetKeys(before, AT_ONCE);
  }
}
