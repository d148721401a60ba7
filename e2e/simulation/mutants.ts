import type { EventFact } from '@equipmgnt/contracts';
import type { FoundOrAdded } from '../../services/approval/src/application/approvals.ts';
import { Approval } from '../../services/approval/src/domain/approval.ts';
import type { LedgerEntry } from '../../services/equipment/src/domain/stock-ledger.ts';
import { Outbox } from './bus.ts';
import { MemoryApprovals, MemoryEquipments, MemoryOrders, MemoryRentals } from './stores.ts';
import type { Parts } from './world.ts';

const EPOCH = new Date(0);

/** Faulty parts. The simulation must find the fault of each. */
export const mutants: Record<string, Partial<Parts>> = {
  'a ledger that loses its lines': {
    Equipments: class extends MemoryEquipments {
      protected override linesOf(): LedgerEntry[] {
        return [];
      }
    },
  },
  'orders saved without a check for concurrent changes': {
    Orders: class extends MemoryOrders {
      protected override isCurrent(): boolean {
        return true;
      }
    },
  },
  'approvals saved without a check for concurrent changes': {
    Approvals: class extends MemoryApprovals {
      protected override isCurrent(): boolean {
        return true;
      }
    },
  },
  'approvals that are confirmed by an HTTP call': {
    Approvals: class extends MemoryApprovals {
      override findOrAdd(approval: Approval): Promise<FoundOrAdded> {
        return super.findOrAdd(Approval.confirmed(approval.subject, EPOCH));
      }
    },
  },
  'approvals that are confirmed without an event': {
    Approvals: class extends MemoryApprovals {
      override findOrAdd({ subject, state }: Approval): Promise<FoundOrAdded> {
        return super.findOrAdd(new Approval({ subject, state, confirmedAt: EPOCH }));
      }
    },
  },
  'approvals that are confirmed by each delivery of Ordered': {
    Approvals: class extends MemoryApprovals {
      override async ofOrders(orderIds: readonly number[]): Promise<Approval[]> {
        const approvals = await super.ofOrders(orderIds);
        return approvals.map(({ id, subject, state }) => new Approval({ id, subject, state }));
      }
      protected override isCurrent({ subject, loaded }: Approval): boolean {
        return this.rows.get(subject.orderId)?.status === loaded?.status;
      }
    },
  },
  'a view without rejections': {
    Rentals: class extends MemoryRentals {
      override async project(facts: Parameters<MemoryRentals['project']>[0]): Promise<void> {
        return super.project(facts.filter(({ event }) => !event.includes('Rejected')));
      }
    },
  },
  'an outbox that loses one event in ten': {
    Outbox: class extends Outbox {
      private written = 0;
      override write(facts: readonly EventFact[]): void {
        super.write(facts.filter(() => (this.written += 1) % 10 !== 0));
      }
    },
  },
};
