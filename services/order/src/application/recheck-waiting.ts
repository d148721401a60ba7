import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import { ObtainApproval } from './obtain-approval.ts';
import { Orders } from './orders.ts';

const AT_ONCE = 20;

/**
 * Asks approval again for orders that have waited long. An approval normally comes by event; but one
 * that was there before its order (anybody can ask for an approval of any order id) was announced
 * when there was no order to follow it, and will not be announced again.
 */
@Injectable()
export class RecheckWaiting {
  private lastId = 0;

  constructor(
    private readonly orders: Orders,
    private readonly obtainApproval: ObtainApproval,
    private readonly clock: Clock,
  ) {}

  /**
   * @param waitedMs how long an order must have waited
   * @param stop leaves the rest for the next time
   */
  async execute(waitedMs: number, stop?: AbortSignal): Promise<void> {
    const before = new Date(this.clock.now().getTime() - waitedMs);
    const waiting = await this.orders.waiting(before, this.lastId, AT_ONCE);
    for (const order of waiting) {
      if (stop?.aborted) return;
      await this.obtainApproval.execute(order);
    }
    // the next ones next time, and after the last ones from the start again
    this.lastId = waiting.length === AT_ONCE ? (waiting.at(-1)?.id ?? 0) : 0;
  }
}
