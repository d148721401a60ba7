import type { Page, PageRequest } from '@equipmgnt/kernel';
import type { Equipment, NewEquipment } from '../domain/equipment.ts';
import type { StockLedger, StockRequest } from '../domain/stock-ledger.ts';

/** Decides what comes of one request, by changing the equipment and the ledger. */
export type Decide = (
  request: StockRequest,
  equipment: Equipment | undefined,
  ledger: StockLedger,
) => void;

/** The equipment of this service, and its stock. */
export abstract class Equipments {
  /** Registers equipment: its row and the event EquipmentRegistered, both or neither. */
  abstract register(equipment: NewEquipment, now: Date): Promise<Equipment>;

  abstract find(id: number): Promise<Equipment | undefined>;

  abstract page(request: PageRequest): Promise<Page<Equipment>>;

  /**
   * Decides on requests one after another, with the equipment locked, and saves stock, ledger and
   * events in one transaction.
   */
  abstract move(requests: readonly StockRequest[], decide: Decide): Promise<void>;
}
