import type { EventFact } from '@equipmgnt/contracts';
import type { LedgerEntry } from '../../services/equipment/src/domain/stock-ledger.ts';
import { Outbox } from './bus.ts';
import { MemoryApprovals, MemoryEquipments, MemoryOrders, MemoryRentals } from './stores.ts';
import type { Parts } from './world.ts';

/** Faulty parts, to see that the simulation finds what they break. */
export const planted: Record<string, Partial<Parts>> = {
  'a ledger that forgets what it has written': {
    Equipments: class extends MemoryEquipments {
      protected override linesOf(): LedgerEntry[] {
        return [];
      }
    },
  },
  'orders saved over what others have saved meanwhile': {
    Orders: class extends MemoryOrders {
      protected override isCurrent(): boolean {
        return true;
      }
    },
  },
  'approvals saved over what others have saved meanwhile': {
    Approvals: class extends MemoryApprovals {
      protected override isCurrent(): boolean {
        return true;
      }
    },
  },
  'a view that never hears of rejections': {
    Rentals: class extends MemoryRentals {
      override async project(facts: Parameters<MemoryRentals['project']>[0]): Promise<void> {
        return super.project(facts.filter(({ event }) => !event.includes('Rejected')));
      }
    },
  },
  'one event in ten that is not in the outbox': {
    Outbox: class extends Outbox {
      private written = 0;
      override write(facts: readonly EventFact[]): void {
        super.write(facts.filter(() => (this.written += 1) % 10 !== 0));
      }
    },
  },
};
