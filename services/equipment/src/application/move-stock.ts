import { Clock } from '@equipmgnt/kernel';
import { Injectable } from '@nestjs/common';
import type { StockRequest } from '../domain/stock-ledger.ts';
import { Equipments } from './equipments.ts';

/** Hands units out for approved orders, and takes back those of cancelled orders. */
@Injectable()
export class MoveStock {
  constructor(
    private readonly equipments: Equipments,
    private readonly clock: Clock,
  ) {}

  async handOut(requests: readonly StockRequest[]): Promise<void> {
    const now = this.clock.now();
    await this.equipments.move(requests, (request, equipment, ledger) =>
      ledger.handOut(request, equipment, now),
    );
  }

  async takeBack(requests: readonly StockRequest[]): Promise<void> {
    const now = this.clock.now();
    await this.equipments.move(requests, (request, equipment, ledger) =>
      ledger.takeBack(request, equipment, now),
    );
  }
}
